/** The table by which a run loads the modules of its commands alone. */

import { Command } from 'commander'
import { expect, it } from 'vitest'
import { COMMAND_MODULES, commandsFor } from '../../core/bin/commands/index.ts'

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
  expect(await loaded('--dir', '/somewhere', '--json', 'status')).toEqual(['init', 'status'])
  expect(await loaded('--dir', 'log', 'balance', 'Ada')).toEqual(['topup', 'balance', 'trial-balance', 'log', 'verify'])
  expect(await loaded()).toEqual(ALL)
  expect(await loaded('statsu')).toEqual(ALL)
  expect(await loaded('status', '--help')).toEqual(ALL)
  expect(await loaded('help', 'status')).toEqual(ALL)
})
