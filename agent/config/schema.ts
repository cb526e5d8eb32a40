/** The shape of `till.json`, once: the reader validates with it, docs/till.schema.json is made from it. */
import Type, { type Static } from 'typebox';
import { FileReference, PathText, PatternText } from '../../configuration.ts';

const closed = { additionalProperties: false } as const;
const id = '^[a-z0-9][a-z0-9-]{0,62}$';

const languages = ['de', 'fr', 'it', 'en'] as const;

/** Transports of drivers/printer. */
const printerDevice = PatternText(
  '^(tcp://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}|serial:[^?\\s]+(\\?(baud=[0-9]{3,7}|flow=(xonxoff|dtr|none))(&(baud=[0-9]{3,7}|flow=(xonxoff|dtr|none)))*)?|usb:/.+|virtual:.*)$',
  'where the receipt printer is',
  ['tcp://192.0.2.10:9100', 'serial:/dev/ttyS0?baud=115200&flow=dtr', 'usb:/dev/usb/lp0', 'virtual:'],
);

/** Bindings of drivers/scanner. */
const scannerLine =
  '(baud=[0-9]{3,7}|data=[78]|parity=(none|even|odd)|stop=[12]|flow=(none|xonxoff|rtscts)|end=(auto|cr|lf|crlf|idle)|idle=[0-9]{1,4})';
const scannerDevice = PatternText(
  `^(hid:([0-9a-fA-F]{4}:[0-9a-fA-F]{4}|/.+)|serial:[^?\\s]+(\\?${scannerLine}(&${scannerLine})*)?|wedge|virtual:.*)$`,
  'where the scanner is',
  [
    'hid:05e0:1900',
    'serial:/dev/ttyACM0?baud=9600',
    'serial:/dev/ttyS1?baud=9600&data=7&parity=even&flow=rtscts',
    'wedge',
  ],
);

const Api = Type.Object(
  {
    host: Type.Optional(
      Type.Enum(['127.0.0.1', '::1', 'localhost'], {
        description: 'loopback address of the local API; it is never served to the network',
      }),
    ),
    port: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 65535, description: 'TCP port of the local API; 0 takes a free one' }),
    ),
  },
  closed,
);

const Broker = Type.Object(
  {
    url: PatternText(
      '^(mqtt|mqtts|ws|wss)://([A-Za-z0-9.-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?(/[^\\s?#@]*)?$',
      'address of the MQTT broker, without user or password',
      ['mqtts://broker.store.example:8883'],
    ),
    ca: Type.Optional(FileReference('PEM certificate of the authority that signed the broker')),
    cert: Type.Optional(FileReference('PEM certificate of this till')),
    key: Type.Optional(FileReference('PEM private key of this till')),
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 128, description: 'MQTT user name' })),
    password: Type.Optional(FileReference('file that holds the MQTT password')),
  },
  closed,
);

export const TillConfigDocument = Type.Object(
  {
    $schema: Type.Optional(Type.String({ description: 'address of this schema, for editors' })),
    tenant: PatternText(id, 'the retailer: small letters, digits and hyphens; a level of the MQTT topic', ['demo']),
    store: PatternText(id, 'the store: small letters, digits and hyphens', ['0042']),
    till: PatternText(id, 'the till, unique in its store: small letters, digits and hyphens', ['3']),
    dataDir: PathText('folder for the database and tokens'),
    timezone: Type.Optional(
      Type.String({
        minLength: 1,
        description: "IANA time zone of the store; absent: the bundle's",
        examples: ['Europe/Zurich'],
      }),
    ),
    api: Type.Optional(Api),
    broker: Type.Optional(Broker),
    trust: Type.Optional(
      Type.Object({ root: FileReference('public root key that bundles must lead back to') }, closed),
    ),
    ring: Type.Optional(PatternText(id, 'roll-out ring', ['pilot'])),
    printer: Type.Optional(
      Type.Object(
        {
          device: printerDevice,
          profile: Type.Optional(
            PatternText('^[A-Za-z0-9][A-Za-z0-9._-]*$', 'printer profile', ['auto', 'generic-80mm']),
          ),
          paper: Type.Optional(Type.Enum([58, 80], { description: 'paper width in millimetres' })),
          logo: Type.Optional(FileReference("PNG file of the shop's logo, printed above every coupon")),
        },
        closed,
      ),
    ),
    scanners: Type.Optional(
      Type.Array(
        Type.Object(
          {
            device: scannerDevice,
            layout: Type.Optional(
              Type.Enum(['us', 'de-CH', 'de', 'fr', 'fr-CH'], {
                description: 'keyboard layout that a wedge scanner is set to',
              }),
            ),
            prefix: Type.Optional(
              PatternText('^F([1-9]|1[0-9]|2[0-4])$', 'key that a wedge scanner sends before each code', ['F9']),
            ),
          },
          closed,
        ),
        { maxItems: 8, uniqueItems: true, description: 'the scanners of this till' },
      ),
    ),
    weighed: Type.Optional(
      Type.Array(
        Type.Object(
          {
            prefix: PatternText('^2[0-9]{0,6}$', 'first digits of the codes that the scales print', ['21']),
            value: Type.Enum(['weight', 'price'], { description: 'what the last digits before the check digit tell' }),
            digits: Type.Integer({ minimum: 3, maximum: 6, description: 'how many digits the value has' }),
            decimals: Type.Integer({
              minimum: 0,
              maximum: 5,
              description: 'decimals of the value: of kilograms, or of the price',
            }),
          },
          closed,
        ),
        {
          maxItems: 16,
          description: "EAN-13 of the store's own scales; without it the prefixes 20 to 29 are goods like others",
        },
      ),
    ),
    languages: Type.Optional(
      Type.Array(Type.Enum([...languages]), {
        minItems: 1,
        uniqueItems: true,
        description: 'languages of the screen, the usual one first',
        examples: [['de', 'fr']],
      }),
    ),
    window: Type.Optional(
      Type.Object({ kiosk: Type.Optional(Type.Boolean({ description: 'full screen without a way out' })) }, closed),
    ),
    screenSells: Type.Optional(
      Type.Boolean({ description: 'true where the screen is the POS: it builds baskets and takes payment' }),
    ),
    catalogue: Type.Optional(FileReference('products that the screen may sell (JSON)')),
    members: Type.Optional(FileReference('members imported at start (JSON); demo and tests')),
    coupons: Type.Optional(Type.Object({ key: FileReference('secret that coupon tokens are made with') }, closed)),
    log: Type.Optional(
      Type.Object(
        {
          level: Type.Optional(
            Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], { description: 'least level that is logged' }),
          ),
        },
        closed,
      ),
    ),
  },
  {
    ...closed,
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'tillside till.json',
    description: 'Configuration of a till. Every key can be overridden by a TILLSIDE_… environment variable.',
  },
);
export type TillConfigDocument = Static<typeof TillConfigDocument>;
export type ScreenLanguage = (typeof languages)[number];
