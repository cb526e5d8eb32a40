/** The few signs that stand beside words; each is drawn on a 24 × 24 grid and is silent for screen readers. */

const paths = {
  printer: 'M7 8V3h10v5M7 17H4V9.5Q4 8 5.5 8h13Q20 8 20 9.5V17h-3M7 14h10v7H7z',
  scanner: 'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M8 9v6M11 9v6M13.5 9v6M16 9v6',
  line: 'M3 12h4l2.5-6 4 12 2.5-6h5',
  ticket: 'M4 6h16v4a2 2 0 0 0 0 4v4H4v-4a2 2 0 0 0 0-4zM14 6v12',
  check: 'M4 12.5 9.5 18 20 6.5',
  cross: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 3.5 22 20.5H2zM12 10v5M12 17.5v.5',
  info: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 11v6M12 7v.5',
  card: 'M3 6h18v12H3zM3 10.5h18M6.5 15h4',
  star: 'M12 3.5l2.7 5.5 6 .9-4.3 4.2 1 6-5.4-2.9-5.4 2.9 1-6L3.3 9.9l6-.9z',
  person: 'M12 12a4.2 4.2 0 1 0 0-8.4a4.2 4.2 0 0 0 0 8.4M4 21c.6-4.6 3.6-7 8-7s7.4 2.4 8 7',
  pad: 'M5 5h2.5v2.5H5zM10.7 5h2.5v2.5h-2.5zM16.5 5H19v2.5h-2.5zM5 10.7h2.5v2.5H5zM10.7 10.7h2.5v2.5h-2.5zM16.5 10.7H19v2.5h-2.5zM10.7 16.5h2.5V19h-2.5z',
  erase: 'M8 5h13v14H8l-6-7zM11.5 9l6 6M17.5 9l-6 6',
  bin: 'M4 7h16M9.5 7V4h5v3M6.5 7l1 13h9l1-13M10.5 11v5.5M13.5 11v5.5',
  clock: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 7v5.5l3.5 2',
  devices: 'M4 5h16v9H4zM9 19h6M12 14v5',
  scale: 'M12 4v16M7 20h10M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z',
  coins:
    'M9 9a6 3 0 1 0 .1 0M3 12v4c0 1.7 2.7 3 6 3s6-1.3 6-3v-4M9 5.5C10 4 12.3 3 15 3c3.3 0 6 1.3 6 3v4c0 1.5-2 2.6-4.5 2.9',
  enter: 'M20 5v8H5M9.5 8.5 5 13l4.5 4.5',
  back: 'M10 6l-6 6 6 6M4 12h16',
  drum: 'M12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, class: extra = '' }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${extra}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
