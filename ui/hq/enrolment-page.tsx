/** Who may speak with HQ: what was refused and why, tills and the ends of their certificates (docs/enrol.md). */
import type { EnrolmentAnswer } from '../../sync/hq/wire.ts';
import { Mark, said } from './mark.tsx';
import { address } from './route.ts';
import { Table } from './table.tsx';
import { useAnswer, useLook, useView } from './view.ts';

const lookEveryMs = 10_000;
/** A till renews 30 days before the end: one that is nearer did not manage to (as in HQ's figures). */
const endingMs = 20 * 86_400_000;

export function EnrolmentPage() {
  const { texts } = useView();
  const words = texts.ofEnrolment;
  const { again } = useLook(lookEveryMs);
  const asked = useAnswer<EnrolmentAnswer>('/v1/enrolment', again);
  return (
    <>
      <h1>{texts.enrolment}</h1>
      {asked.state === 'loading' && <p class="quiet">{texts.loading}</p>}
      {asked.state === 'refused' && (
        <p class={asked.code === 'not-found' ? 'lead' : 'band'}>
          {asked.code === 'not-found' ? words.off : asked.message}
        </p>
      )}
      {asked.state === 'there' && (
        <>
          <section>
            <h2>{words.refused}</h2>
            <Refused rows={asked.value.refused} />
          </section>
          <section>
            <h2>{words.enrolled}</h2>
            <Enrolled rows={asked.value.tills} leaving={asked.value.leaving} />
          </section>
          <section>
            <h2>{words.services}</h2>
            <Services rows={asked.value.services} />
          </section>
        </>
      )}
    </>
  );
}

function Refused({ rows }: { rows: EnrolmentAnswer['refused'] }) {
  const { texts, formats } = useView();
  const words = texts.ofEnrolment;
  return (
    <Table
      name={words.refused}
      empty={words.nobody}
      columns={[texts.till, words.why, words.what, words.last, words.first]}
      numbers={[words.times]}
    >
      {rows.map(({ store, till, channel, reason, times, firstAt, lastAt }) => (
        <tr key={`${store} ${till} ${channel} ${reason}`}>
          <th scope="row">
            <span class="name">
              {store} / {till}
            </span>
          </th>
          <td>
            <span title={reason}>
              <Mark isWell={false}>{said(words.reasonIs, reason)}</Mark>
            </span>
          </td>
          <td>{said(words.channelIs, channel)}</td>
          <td>{formats.dateTime(lastAt)}</td>
          <td>{formats.dateTime(firstAt)}</td>
          <td class="number">{formats.count(times)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Enrolled({ rows, leaving }: { rows: EnrolmentAnswer['tills']; leaving: EnrolmentAnswer['leaving'] }) {
  const { texts, formats } = useView();
  const words = texts.ofEnrolment;
  return (
    <Table name={words.enrolled} empty={words.noTills} columns={[texts.till, words.certificate, words.since]}>
      {rows.map(row => (
        <tr key={`${row.store} ${row.till}`}>
          <th scope="row">
            <a href={address('tills', row.store, row.till)}>
              {row.store} / {row.till}
            </a>
          </th>
          <td>
            <Certificate row={row} />
            {leaving.some(({ name }) => name === row.till) && <Mark isWell={false}>{words.leaving}</Mark>}
          </td>
          <td>{formats.dateTime(row.enrolledAt)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Certificate({ row: { revokedAt, reason, certificate } }: { row: EnrolmentAnswer['tills'][number] }) {
  const { texts, formats } = useView();
  const words = texts.ofEnrolment;
  if (revokedAt !== null)
    return (
      <>
        <Mark isWell={false}>{words.shutOut(formats.dateTime(revokedAt))}</Mark> {reason}
      </>
    );
  if (certificate === null) return <Mark isWell={false}>{words.ended}</Mark>;
  const until = formats.dateTime(certificate.notAfter);
  return Date.parse(certificate.notAfter) - Date.now() < endingMs ? (
    <Mark isWell={false}>{words.ending(until)}</Mark>
  ) : (
    <Mark isWell>{words.until(until)}</Mark>
  );
}

function Services({ rows }: { rows: EnrolmentAnswer['services'] }) {
  const { texts, formats } = useView();
  const words = texts.ofEnrolment;
  return (
    <Table name={words.services} empty={texts.none} columns={[words.name, words.what, words.certificate]}>
      {rows.map(({ name, purpose, serial, notAfter }) => (
        <tr key={serial}>
          <th scope="row">{name}</th>
          <td>{said(words.purposeIs, purpose)}</td>
          <td>{words.until(formats.dateTime(notAfter))}</td>
        </tr>
      ))}
    </Table>
  );
}
