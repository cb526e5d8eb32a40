/** HQ's page of certificates in a real browser: HQ with its authority, mosquitto, tills good, strange and shut out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tillTopic } from '../../sync/protocol/topics.ts';
import { texts } from '../../ui/hq/texts.ts';
import { onSecureLine, tenant } from '../sync/support/secure-line.ts';
import { until } from '../sync/support/till-end.ts';
import { assertAccessible, fitsPhone } from './support/audit.ts';
import { picture, sizes, startBrowser } from './support/browser.ts';

test('who was refused and why, whose certificate lasts until when, and who was shut out, in four languages', () =>
  onSecureLine(async line => {
    const browser = await startBrowser();
    try {
      const identity = await line.enrol('0042-1');
      await line.enrol('0042-2');
      await line.broker.reload();
      await line.ask('POST', '/v1/enrolment/revoke', { name: '0042-2', reason: 'gestohlen' });
      // A good certificate, used for another store's topic.
      const stranger = await line.stranger(identity);
      await stranger.publishAsync(tillTopic({ tenant, store: '0043', till: '0042-1' }, 'up'), Buffer.from('x'), {
        qos: 1,
      });
      await until(async () => (await line.enrolment()).refused.length === 1, 'the refusal');

      const { page, complaints } = await browser.open(`${line.hq.url}/#token=${line.hq.token}`, sizes.middle);
      await page.getByText(texts.de.askTills).waitFor();
      await page.getByRole('link', { name: texts.de.enrolment, exact: true }).click();
      for (const [language, { ofEnrolment }] of Object.entries(texts)) {
        await page.getByRole('button', { name: language.toUpperCase() }).click();
        const refused = page.getByRole('region', { name: ofEnrolment.refused });
        await refused.getByRole('rowheader', { name: '0043 / 0042-1' }).waitFor();
        await refused.getByText(ofEnrolment.reasonIs['other-store']).waitFor();
      }
      await page.getByRole('button', { name: 'DE' }).click();
      const enrolled = page.getByRole('region', { name: texts.de.ofEnrolment.enrolled });
      await enrolled.getByRole('row', { name: '0042 / 0042-1' }).locator('.mark.is-well').waitFor();
      const out = enrolled.getByRole('row', { name: '0042 / 0042-2' });
      await out.getByText(/ausgeschlossen/).waitFor();
      await out.getByText('gestohlen').waitFor();
      await page.getByText(texts.de.ofEnrolment.purposeIs.broker, { exact: true }).waitFor();
      await picture(page, '59-hq-enrolment');
      await assertAccessible(page, 4.5);
      await fitsPhone(page, '59-hq-enrolment-small');
      assert.deepEqual(complaints, []);
    } finally {
      await browser.close();
    }
  }));
