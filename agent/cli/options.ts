/** Reads a command's arguments; what it can't understand it says, with exit code 2. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { messageOf, TillsideError } from '../../errors.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * @param command as typed, for the message
 * @throws TillsideError `usage`
 */
export function readOptions<const T extends Options>(
  command: string,
  args: readonly string[],
  options: T,
  positionals = 0,
): {
  values: ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; args: string[] }>>['values'];
  positionals: readonly string[];
} {
  let parsed: ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; args: string[] }>>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new TillsideError('usage', `${messageOf(error).split('. ')[0]}. See: tillside ${command} --help`);
  }
  if (parsed.positionals.length > positionals)
    throw new TillsideError(
      'usage',
      `"${parsed.positionals[positionals]}" is one argument too many. See: tillside ${command} --help`,
    );
  return { values: parsed.values, positionals: parsed.positionals };
}
