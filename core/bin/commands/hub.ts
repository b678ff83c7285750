/** hub: serves the ledger to its accounts, mirrors and auditors. */

import type { Command } from 'commander'
import type { Hub } from '../hub/hub.ts'
import { readSettings, type SettingFlags, settingOptions } from '../hub/settings.ts'
import { printJson } from '../output.ts'
import { userPath } from '../place.ts'
import { type GlobalOptions, placeOf } from './options.ts'

type HubCommandOptions = GlobalOptions & SettingFlags & { readonly config?: string }

const HELP = `
Every setting can stand in the environment as well (--log-level: NIMLEDGER_HUB_LOG_LEVEL), or in the file that --config names
({"logLevel":"debug"}); flags come before the environment, and that before the file. SIGHUP reads them again and opens the log's
file anew; SIGTERM ends the hub once what is under way is answered.`

export function hubCommand(program: Command): void {
  const command = program
    .command('hub')
    .description('serve the ledger over HTTP: prints one JSON line once it does, and runs until it is ended')
    .option('--config <file>', 'a JSON file of settings', userPath)
    .addHelpText('after', HELP)
    .action(async (_options, command: Command) => serve(command.optsWithGlobals<HubCommandOptions>()))
  for (const option of settingOptions()) command.addOption(option)
}

async function serve(options: HubCommandOptions): Promise<void> {
  const read = () => readSettings({ flags: options, env: process.env, file: options.config })
  const ended = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
  })
  // Until the hub serves there is nothing to reload, and the signal must not end the program.
  const running: { hub?: Hub } = {}
  process.on('SIGHUP', () => void running.hub?.reload())
  // Loaded here and not with the command, which is loaded for the help as well.
  const { Hub } = await import('../hub/hub.ts')
  running.hub = await Hub.start({ place: placeOf(options), settings: read(), readSettings: read })
  printJson(running.hub.facts)
  await ended
  await running.hub.close()
}
