/** bench: how fast this program is on this machine. */

import { Argument, type Command, InvalidArgumentError } from 'commander'
import { FIGURES } from '../bench/index.ts'
import { runBench } from '../bench/run.ts'
import { EXIT, Failure } from '../failure.ts'
import { printJson } from '../output.ts'
import { type GlobalOptions, parseCount } from './options.ts'

interface BenchOptions extends GlobalOptions {
  readonly million?: true
  readonly count?: number
  readonly payers?: number
}

const LIST = FIGURES.map(
  ({ name, description, onDemand }) => `  ${name.padEnd(10)} ${description}${onDemand ? '; only where named' : ''}`,
)

export function benchCommand(program: Command): void {
  program
    .command('bench')
    .description(
      'measure this program on this machine: one JSON line a figure, each with its ratio to the limit, in the same run',
    )
    .addArgument(
      new Argument('[name]', 'the figure (default: all that take less than a minute)').choices(FIGURES.map(({ name }) => name)),
    )
    .option('--count <n>', 'how many purchases, lines or whatever the figure counts', parseSize)
    .option('--million', 'the same as --count 1000000')
    .option('--payers <n>', 'how many accounts buy (default: one for 100 purchases, from 1000 to 10000)', parseSize)
    .addHelpText(
      'after',
      `\nFigures:\n${LIST.join('\n')}\n\nLedgers are made in a temporary folder. With --dir they are kept, and taken up again.`,
    )
    .action(async (name: string | undefined, _options, command: Command) => {
      process.exitCode = await run(name, command.optsWithGlobals<BenchOptions>())
    })
}

function parseSize(text: string): number {
  const size = parseCount(text)
  if (size === 0) throw new InvalidArgumentError('It must be 1 at least.')
  return size
}

async function run(name: string | undefined, { dir, count, million, payers }: BenchOptions): Promise<number> {
  if (count !== undefined && million) throw new Failure('usage', 'Give --count or --million, not both.')
  const figures = FIGURES.filter((figure) => (name === undefined ? figure.onDemand === undefined : figure.name === name))
  for await (const line of runBench(figures, { dir, count: million ? 1_000_000 : count, payers })) printJson(line as never)
  return EXIT.done
}
