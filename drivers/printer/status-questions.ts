/** Matches real-time answers, which carry no number, with the four questions asked together. */

export interface StatusQuestions {
  /** True while answers are due. */
  readonly open: boolean;
  /** Questions asked in a row to which no whole answer came. */
  readonly missed: number;
  asked(): void;
  /** One answer byte; all four, of the questions 1 to 4, when it was the last of them, else null. */
  answer(status: number): readonly number[] | null;
  /** The time for an answer is over. */
  expire(): void;
  reset(): void;
}

const questions = 4;

export function createStatusQuestions(): StatusQuestions {
  let answers: number[] | null = null;
  let missed = 0;
  return {
    get open() {
      return answers !== null;
    },
    get missed() {
      return missed;
    },
    asked() {
      answers = [];
    },
    answer(status) {
      if (answers === null) return null;
      answers.push(status);
      if (answers.length < questions) return null;
      const whole = answers;
      answers = null;
      missed = 0;
      return whole;
    },
    expire() {
      if (answers !== null) missed++;
      answers = null;
    },
    reset() {
      answers = null;
      missed = 0;
    },
  };
}
