/**
 * The outbox of a mirror, `outbox.db`. Any program may put notes into it while another one sends: each change is one transaction
 * of SQLite's, on the disk when it returns, and what is under way elsewhere is waited for. One program sends at a time, the one
 * that holds the mirror's lock.
 */

import { toHex } from '../../base/bytes.ts'
import type { Milliseconds } from '../../domain/time.ts'
import {
  OUTBOX_STATES,
  type OutboxAnswer,
  type OutboxHub,
  type OutboxNote,
  type OutboxState,
  type OutboxStore,
  type RemoteRefusal,
} from '../../ledger/outbox-store.ts'
import { type Database, hasDatabase, OUTBOX } from './database.ts'
import { findDatabaseDefects } from './defects.ts'
import { damaged, onFile } from './errors.ts'
import { open } from './reader.ts'
import type { hub, notes } from './schema.ts'
import { bytesOf, idBytes, integerOf, textOf } from './values.ts'

type Row = typeof notes.$inferSelect

const COLUMNS = 'sequence, id, note, queued, state, answered, "index", receipt, refusal, statement, mirrored'
const IN_STATES = 'state IN (SELECT value FROM json_each(?))'

/** Opens the outbox of the mirror in `folder`; undefined where there is none yet: it is made with the mirror. */
export function openSqliteOutbox(folder: string, mode: 'read' | 'write'): OutboxStore | undefined {
  if (!hasDatabase(folder, OUTBOX)) return undefined
  using connections = new DisposableStack()
  const database = open(connections, folder, OUTBOX, mode, (opened) => opened)
  return new SqliteOutbox(database, connections.move())
}

class SqliteOutbox implements OutboxStore {
  readonly #database: Database
  readonly #connections: DisposableStack

  constructor(database: Database, connections: DisposableStack) {
    this.#database = database
    this.#connections = connections
  }

  async hub(): Promise<OutboxHub | undefined> {
    return this.#use(() => {
      const row = this.#database.prepare<[], typeof hub.$inferSelect>('SELECT one, url, vkey FROM hub').get()
      return row && { url: textOf(OUTBOX, row.url, "the hub's address"), vkey: textOf(OUTBOX, row.vkey, "the hub's vkey") }
    })
  }

  async nameHub({ url, vkey }: OutboxHub): Promise<void> {
    const put =
      'INSERT INTO hub (one, url, vkey) VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET url = excluded.url, vkey = excluded.vkey'
    this.#change(() => this.#database.prepare(put).run(url, vkey))
  }

  async put(id: string, note: Uint8Array, time: Milliseconds): Promise<void> {
    const put = `INSERT INTO notes (id, note, queued, state, mirrored) VALUES (?, ?, ?, 'queued', 0) ON CONFLICT DO NOTHING`
    this.#change(() => this.#database.prepare(put).run(idBytes(id), note, time))
  }

  async find(id: string): Promise<OutboxNote | undefined> {
    const find = `SELECT ${COLUMNS} FROM notes WHERE id = ?`
    return this.#use(() => this.#database.prepare<[Uint8Array], Row>(find).all(idBytes(id)).map(noteOf)[0])
  }

  async list(states: readonly OutboxState[] | undefined, after: string | undefined, limit: number): Promise<OutboxNote[]> {
    return this.#page(IN_STATES, [JSON.stringify(states ?? OUTBOX_STATES)], after, limit)
  }

  async listBack(states: readonly OutboxState[] | undefined, before: string | undefined, limit: number): Promise<OutboxNote[]> {
    const rest = 'sequence < coalesce((SELECT sequence FROM notes WHERE id = ?), sequence + 1) ORDER BY sequence DESC LIMIT ?'
    return this.#select(`${IN_STATES} AND ${rest}`, [JSON.stringify(states ?? OUTBOX_STATES), idOrNull(before), limit])
  }

  async unmirrored(after: string | undefined, limit: number): Promise<OutboxNote[]> {
    return this.#page(`state = 'accepted' AND mirrored = 0`, [], after, limit)
  }

  #page(condition: string, values: readonly string[], after: string | undefined, limit: number): OutboxNote[] {
    const rest = 'sequence > coalesce((SELECT sequence FROM notes WHERE id = ?), 0) ORDER BY sequence LIMIT ?'
    return this.#select(`${condition} AND ${rest}`, [...values, idOrNull(after), limit])
  }

  #select(condition: string, values: readonly unknown[]): OutboxNote[] {
    const select = `SELECT ${COLUMNS} FROM notes WHERE ${condition}`
    return this.#use(() =>
      this.#database
        .prepare<unknown[], Row>(select)
        .all(...values)
        .map(noteOf),
    )
  }

  async counts(): Promise<Record<OutboxState, number>> {
    const count = 'SELECT state, count(*) AS count FROM notes GROUP BY state'
    const rows = this.#use(() => this.#database.prepare<[], { state: OutboxState; count: bigint }>(count).all())
    const found = new Map(rows.map((row) => [row.state, Number(row.count)]))
    const of = (state: OutboxState) => found.get(state) ?? 0
    return { queued: of('queued'), sent: of('sent'), accepted: of('accepted'), refused: of('refused') }
  }

  async markSent(ids: readonly string[]): Promise<void> {
    const mark = this.#database.prepare(`UPDATE notes SET state = 'sent' WHERE id = ? AND state = 'queued'`)
    this.#change(() => ids.forEach((id) => void mark.run(idBytes(id))))
  }

  async settle(answers: ReadonlyMap<string, OutboxAnswer>, time: Milliseconds): Promise<void> {
    const accept = this.#database.prepare(
      `UPDATE notes SET state = 'accepted', answered = ?, "index" = ?, receipt = ?, refusal = NULL, statement = NULL
       WHERE id = ? AND state != 'accepted'`,
    )
    const refuse = this.#database.prepare(
      `UPDATE notes SET state = 'refused', answered = ?, refusal = ?, statement = ? WHERE id = ? AND state = 'sent'`,
    )
    this.#change(() => {
      for (const [id, answer] of answers) {
        if (answer.status === 'accepted') accept.run(time, answer.index, answer.receipt, idBytes(id))
        else refuse.run(time, JSON.stringify(answer.refusal), answer.statement ?? null, idBytes(id))
      }
    })
  }

  async markMirrored(ids: readonly string[]): Promise<void> {
    const mark = this.#database.prepare('UPDATE notes SET mirrored = 1 WHERE id = ?')
    this.#change(() => ids.forEach((id) => void mark.run(idBytes(id))))
  }

  async drop(id: string): Promise<boolean> {
    const drop = `DELETE FROM notes WHERE id = ? AND state != 'sent'`
    return this.#change(() => this.#database.prepare(drop).run(idBytes(id)).changes === 1)
  }

  async defects(): Promise<string[]> {
    return findDatabaseDefects(this.#database, OUTBOX).map(({ message }) => message)
  }

  async close(): Promise<void> {
    this.#connections.dispose()
  }

  #use<T>(work: () => T): T {
    return onFile(OUTBOX.file, work)
  }

  #change<T>(work: () => T): T {
    return this.#use(() => this.#database.transaction(work).immediate())
  }
}

function idOrNull(id: string | undefined): Uint8Array | null {
  return id === undefined ? null : idBytes(id)
}

function noteOf(row: Row): OutboxNote {
  const id = toHex(bytesOf(OUTBOX, row.id, 'the id of a note'))
  const answer = answerOf(row, id)
  return {
    id,
    note: bytesOf(OUTBOX, row.note, `the note ${id}`),
    state: row.state,
    queued: integerOf(OUTBOX, row.queued, `the time of ${id}`),
    ...(answer && { answer, answered: integerOf(OUTBOX, row.answered, `the time of the answer to ${id}`) }),
    isMirrored: row.mirrored === 1n,
  }
}

function answerOf({ state, index, receipt, refusal, statement }: Row, id: string): OutboxAnswer | undefined {
  if (state === 'accepted') {
    const stored = bytesOf(OUTBOX, receipt, `the receipt of ${id}`)
    return { status: 'accepted', index: integerOf(OUTBOX, index, `the index of ${id}`), receipt: stored }
  }
  if (state !== 'refused') return undefined
  const signed = statement === null ? undefined : bytesOf(OUTBOX, statement, `the signed refusal of ${id}`)
  return { status: 'refused', refusal: readRefusal(textOf(OUTBOX, refusal, `the refusal of ${id}`), id), statement: signed }
}

function readRefusal(text: string, id: string): RemoteRefusal {
  try {
    return JSON.parse(text) as RemoteRefusal
  } catch {
    throw damaged(OUTBOX.file, `the refusal of ${id} cannot be read`)
  }
}
