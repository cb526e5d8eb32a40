/**
 * The control that must fail, loaded before HQ: it confirms a set of events and commits it only when the next one comes. Done at
 * the database's driver: the transaction's work waits, what it would have answered is given at once.
 */
import SqliteDatabase from 'better-sqlite3';

type Work = (...given: unknown[]) => unknown;

const { transaction } = SqliteDatabase.prototype;
/** The last set, worked out inside a transaction that is rolled back: its answer is right, its rows are not there. */
let behind: (() => void) | null = null;

SqliteDatabase.prototype.transaction = function (this: SqliteDatabase.Database, work: Work) {
  const real = Reflect.apply(transaction, this, [work]) as Work & { immediate: Work };
  const late: Work = (...given) => {
    behind?.();
    behind = null;
    let answer: unknown;
    try {
      Reflect.apply(transaction, this, [
        () => {
          answer = work(...given);
          throw rollBack;
        },
      ])();
    } catch (error) {
      if (error !== rollBack) throw error;
    }
    if (!isSet(answer)) return real.immediate(...given);
    behind = () => void real.immediate(...given);
    return answer;
  };
  return Object.assign((...given: unknown[]) => real(...given), real, { immediate: late });
} as typeof transaction;

const rollBack = new Error('rolled back');

/** What a commit of events answers; everything else that HQ writes is written. */
function isSet(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'standings' in answer;
}
