/**
 * The commands, in the order of the help, and the modules that have them. A run loads only the modules whose commands are among
 * its arguments: loading is most of what a short command does.
 */

import type { Command } from 'commander'

/** Adds its commands to the program. */
type AddCommands = (program: Command) => void

interface CommandModule {
  readonly names: readonly string[]
  readonly load: () => Promise<AddCommands>
}

export const COMMAND_MODULES: readonly CommandModule[] = [
  { names: ['init'], load: async () => (await import('./init.ts')).initCommand },
  { names: ['status'], load: async () => (await import('./status.ts')).statusCommand },
  { names: ['account'], load: async () => (await import('./account.ts')).accountCommands },
  { names: ['keys'], load: async () => (await import('./keys.ts')).keyCommands },
  { names: ['passphrase'], load: async () => (await import('./passphrase.ts')).passphraseCommand },
  { names: ['tx'], load: async () => (await import('./transaction.ts')).transactionCommands },
  { names: ['topup'], load: async () => (await import('./topup.ts')).topupCommand },
  { names: ['balance', 'trial-balance'], load: async () => (await import('./balance.ts')).balanceCommands },
  { names: ['statement'], load: async () => (await import('./statement.ts')).statementCommand },
  { names: ['usage'], load: async () => (await import('./usage.ts')).usageCommands },
  { names: ['log', 'verify'], load: async () => (await import('./log.ts')).logCommands },
  { names: ['renew'], load: async () => (await import('./schedule.ts')).scheduleCommand },
  { names: ['prove', 'prove-balance', 'check'], load: async () => (await import('./proof.ts')).proofCommands },
  { names: ['export'], load: async () => (await import('./export.ts')).exportCommand },
  { names: ['hub'], load: async () => (await import('./hub.ts')).hubCommand },
  { names: ['access'], load: async () => (await import('./access.ts')).accessCommands },
  { names: ['sync'], load: async () => (await import('./sync.ts')).syncCommand },
  { names: ['outbox'], load: async () => (await import('./outbox.ts')).outboxCommands },
  { names: ['join'], load: async () => (await import('./join.ts')).joinCommand },
  { names: ['backup', 'restore'], load: async () => (await import('./backup.ts')).backupCommands },
  { names: ['doctor'], load: async () => (await import('./doctor.ts')).doctorCommand },
  { names: ['witness'], load: async () => (await import('./witness.ts')).witnessCommand },
  { names: ['console'], load: async () => (await import('./console.ts')).consoleCommand },
  { names: ['demo'], load: async () => (await import('./demo.ts')).demoCommand },
  { names: ['bench'], load: async () => (await import('./bench.ts')).benchCommand },
]

/** The headings of the help, in the order in which the modules above first need them. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  'To begin:': ['init', 'status', 'console', 'demo'],
  'Accounts and keys:': ['account', 'keys', 'passphrase'],
  'Transactions:': ['tx', 'topup', 'usage', 'renew'],
  'To look up:': ['balance', 'trial-balance', 'statement', 'log'],
  'To verify and prove:': ['verify', 'prove', 'prove-balance', 'check', 'export'],
  'Over the network:': ['hub', 'access', 'sync', 'outbox', 'join', 'witness'],
  'To keep it safe:': ['backup', 'restore', 'doctor'],
}

/** The heading under which the help has a command. */
export function helpGroup(name: string): string {
  return Object.keys(GROUPS).find((heading) => GROUPS[heading]!.includes(name)) ?? 'Besides:'
}

const HELP: readonly string[] = ['help', '--help', '-h']
const VERSION: readonly string[] = ['--version', '-V']

/**
 * The commands that the arguments may call. A word that is the name of a command and means something else loads one module too
 * many; where help is asked for, or no command is named, all are loaded, unless it is only the version that is asked for.
 */
export function commandsFor(args: readonly string[]): Promise<AddCommands[]> {
  if (args.length === 1 && VERSION.includes(args[0]!)) return Promise.resolve([])
  const named = COMMAND_MODULES.filter(({ names }) => names.some((name) => args.includes(name)))
  const isHelp = args.some((arg) => HELP.includes(arg))
  return Promise.all((named.length === 0 || isHelp ? COMMAND_MODULES : named).map(({ load }) => load()))
}
