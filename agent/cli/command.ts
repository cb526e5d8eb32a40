/** What every `tillside` command is: a function of its arguments and streams that answers an exit code. */

/** 0 done · 1 failed · 2 wrong usage or input. */
export type ExitCode = 0 | 1 | 2;

export type CommandIo = {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
};

export type Command = (args: readonly string[], io: CommandIo) => Promise<number>;
