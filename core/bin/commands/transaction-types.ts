/** What the command line tells of the transaction types: an example of each, and what a mistyped name may have meant. */

import { quoted } from '../../domain/text.ts'
import { rules } from '../../domain/transactions/index.ts'
import { EXAMPLE_BODIES } from './example-bodies.ts'

const definitions = new Map([...rules.values()].flatMap((ofVersion) => [...ofVersion]))

/** In the order of docs/transactions.md. */
const TYPES: readonly string[] = [...definitions.keys()]

/** Commands that make the body themselves. */
const MAKERS: Readonly<Record<string, string>> = {
  'ledger.genesis': 'init',
  'account.open': 'account new',
  'key.add': 'keys add',
  'key.revoke': 'keys revoke',
  'credit.topup': 'topup',
  'usage.batch': 'usage import',
  'period.close': 'renew',
}

/** Command lines to begin from, one for each kind of body. */
function exampleCommands(type: string): string[] {
  const { signer, cosigned } = definitions.get(type)!
  const who = `--as ${signer === 'operator' ? 'operator' : 'ACCOUNT'}${cosigned === undefined ? '' : ' --cosign ACCOUNT'}`
  return (EXAMPLE_BODIES[type] ?? []).map((body) => `nimledger tx ${type} ${who} --body '${JSON.stringify(body)}'`)
}

/** What the help of tx tells of a type, or of all of them. */
export function helpOfType(type: string | undefined): string[] {
  if (type === undefined) return ['Types, each with an example in the help of its own (tx TYPE --help):', '', ...typesByGroup()]
  const unknown = whyNoType(type)
  if (unknown !== undefined) return [unknown]
  const maker = MAKERS[type]
  const examples = exampleCommands(type).map((command) => `  ${command}`)
  return [
    ...(examples.length > 0 ? [`${type}, for example:`, '', ...examples] : []),
    ...(maker === undefined ? [] : [`nimledger ${maker} makes a ${type} by itself.`]),
  ]
}

/** A line for the types of each group: what a name begins with. */
function typesByGroup(): string[] {
  const groups = Map.groupBy(TYPES, groupOf)
  return [...groups.values()].map((types) => `  ${types.join(', ')}`)
}

/** Why a name is none of a type, and which were meant: those that have a part of it, before the dot or after it. */
export function whyNoType(name: string): string | undefined {
  if (TYPES.includes(name)) return undefined
  const parts = name.split('.')
  const meant = TYPES.filter((type) => type.split('.').some((part) => parts.includes(part)))
  const hint =
    meant.length === 0 ? 'nimledger tx --help lists them' : `there ${meant.length === 1 ? 'is' : 'are'} ${meant.join(', ')}`
  return `there is no transaction type ${quoted(name)}; ${hint}`
}

function groupOf(type: string): string {
  return type.split('.')[0]!
}
