/** outbox: the transactions of a mirror that are on their way to its hub, and what became of earlier ones. */

import type { Command } from 'commander'
import { TRANSACTION_ID_PATTERN } from '../../domain/ids.ts'
import { writeDurably } from '../../drivers/durable-file.ts'
import { openSqliteOutbox } from '../../drivers/sqlite/outbox-store.ts'
import type { OutboxNote, OutboxStore } from '../../ledger/outbox-store.ts'
import { type JsonObject, presentKept } from '../../ledger/present.ts'
import { LEDGER_TOOLS } from '../desk.ts'
import { Failure } from '../failure.ts'
import { isRead, print, printJson } from '../output.ts'
import { type GlobalOptions, placeOf, targetFile } from './options.ts'

interface SaveOptions extends GlobalOptions {
  readonly output?: string
}

/** Notes read at a time. */
const PAGE = 500

export function outboxCommands(program: Command): void {
  const outbox = program.command('outbox').description('what a mirror sends to its hub')
  outbox
    .command('list', { isDefault: true })
    .description('every transaction, in the order in which it was put in, and what became of it')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      await withOutbox(options, 'read', (store) => list(store, options))
    })
  outbox
    .command('save')
    .description("write an accepted transaction's receipt, or the hub's signed refusal, to be shown to others: see check")
    .argument('<id>', 'the transaction')
    .option('-o, --output <file>', 'where to (default: ID.tlog-proof, or ID.refusal)')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<SaveOptions>()
      await withOutbox(options, 'read', async (store) => save(await found(store, id), options))
    })
  outbox
    .command('drop')
    .description('forget a transaction that was answered, or never sent')
    .argument('<id>', 'the transaction')
    .action(async (id: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>()
      await withOutbox(options, 'write', async (store) => drop(store, await found(store, id), options))
    })
}

async function withOutbox(
  options: GlobalOptions,
  mode: 'read' | 'write',
  use: (store: OutboxStore) => Promise<void> | void,
): Promise<void> {
  const { dir } = placeOf(options)
  const store = openSqliteOutbox(dir, mode)
  if (store === undefined) throw new Failure('usage', `${dir} has no outbox: it is not the mirror of a hub.`)
  try {
    await use(store)
  } finally {
    await store.close()
  }
}

async function found(store: OutboxStore, id: string): Promise<OutboxNote> {
  const kept = TRANSACTION_ID_PATTERN.test(id) ? await store.find(id) : undefined
  if (kept === undefined) throw new Failure('usage', `There is no transaction ${JSON.stringify(id)} in the outbox.`)
  return kept
}

async function list(store: OutboxStore, { json }: GlobalOptions): Promise<void> {
  const shown: JsonObject[] = []
  for (let after: string | undefined; isRead(); ) {
    const page = await store.list(undefined, after, PAGE)
    shown.push(...page.map((kept) => presentKept(LEDGER_TOOLS, kept)))
    if (page.length < PAGE) break
    after = page.at(-1)!.id
  }
  if (json) printJson({ notes: shown })
  else if (shown.length === 0) print('Nothing was put into the outbox yet.')
  else for (const one of shown) printNote(one)
}

function printNote({ id, state, summary, index, code, message }: JsonObject): void {
  const what = index === undefined ? (code === undefined ? '' : `  ${code}`) : `  entry ${index}`
  print(`${state}${what}  ${id}`, `  ${summary}`)
  if (message !== undefined) print(`  ${message}`)
}

function save({ id, answer }: OutboxNote, { output, json }: SaveOptions): void {
  const [bytes, ending] = answer?.status === 'accepted' ? [answer.receipt, 'tlog-proof'] : [answer?.statement, 'refusal']
  if (bytes === undefined) {
    const why = answer === undefined ? 'is not answered yet' : 'was refused, and the hub did not sign that it was'
    throw new Failure('usage', `The transaction ${id} ${why}: there is nothing to save.`)
  }
  const file = targetFile(output ?? `${id}.${ending}`)
  writeDurably(file, bytes)
  if (json) printJson({ file })
  else print(`Wrote ${file}; nimledger check tells what it shows.`)
}

async function drop(store: OutboxStore, { id, state }: OutboxNote, { json }: GlobalOptions): Promise<void> {
  if (!(await store.drop(id)))
    throw new Failure('usage', `The transaction ${id} was sent and is not answered yet: only its hub can tell what became of it.`)
  if (json) printJson({ id, state })
  else print(`Forgot ${id}, which was ${state}.`)
}
