/** The table by which a run loads the modules of its commands alone. */

import { Command } from 'commander'
import { expect, it } from 'vitest'
import { COMMAND_MODULES, commandsFor } from '../../core/bin/commands/index.ts'
import { cli } from './run.ts'

const ALL = COMMAND_MODULES.flatMap(({ names }) => names)

async function loaded(...args: string[]): Promise<string[]> {
  const program = new Command()
  for (const addTo of await commandsFor(args)) addTo(program)
  return program.commands.map((command) => command.name())
}

it.each(COMMAND_MODULES.map(({ names, load }) => ({ names, load })))(
  '$names are what their module adds',
  async ({ names, load }) => {
    const program = new Command()
    const addTo = await load()
    addTo(program)
    expect(program.commands.map((command) => command.name())).toEqual(names)
  },
)

it('every command stands in the help, below a heading of its kind', async () => {
  const { stdout, code } = await cli('', ['--help'], { plain: true })
  expect(code).toBe(0)
  for (const name of ALL) expect(stdout).toMatch(new RegExp(`^  ${name}( |$)`, 'm'))
  expect(stdout).not.toMatch(/^Commands:/m)
  expect(stdout.match(/^To verify and prove:\n {2}verify .*$/m)).not.toBeNull()
  expect(stdout.match(/^Besides:\n {2}bench .*$/m)).not.toBeNull()
})

it('wrong usage is told with where to read on', async () => {
  const { stderr, stdout, code } = await cli('', ['balance'], { plain: true })
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toBe("error: missing required argument 'account'\nAdd --help to see how it is used.\n")
})

/** The help of a command, and of those below it. */
function helpOf(command: Command): string[] {
  return [command.helpInformation(), ...command.commands.flatMap(helpOf)]
}

it('help tells what holds where an option is not given, in words', async () => {
  const program = new Command()
  for (const { load } of COMMAND_MODULES) (await load())(program)
  const presets = helpOf(program).flatMap((help) => [...help.matchAll(/\(default:\s*([^)]*)\)/g)].map(([, preset]) => preset))
  expect(presets.length).toBeGreaterThan(30)
  for (const preset of presets) expect(preset).toMatch(/^["\w]/)
})

it('a run has the commands that it names, wherever they stand, and all where it names none or wants help', async () => {
  expect(await loaded('--dir', '/somewhere', '--json', 'status')).toEqual(['status'])
  expect(await loaded('--dir', 'log', 'balance', 'Ada')).toEqual(['balance', 'trial-balance', 'log', 'verify'])
  expect(await loaded()).toEqual(ALL)
  expect(await loaded('statsu')).toEqual(ALL)
  expect(await loaded('status', '--help')).toEqual(ALL)
  expect(await loaded('help', 'status')).toEqual(ALL)
  expect(await loaded('--version')).toEqual([])
})
