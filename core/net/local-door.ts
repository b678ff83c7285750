/**
 * The door of the process that holds a ledger's lock, for other programs of the same user on the same machine: exact notes in,
 * outcomes out, over a local socket (a named pipe on Windows). Its address is in the file `door` of the ledger's folder, since a
 * socket's own path may be no longer than a hundred bytes; both are for their owner alone. Whoever takes the lock takes away
 * what an earlier one left, which would keep programs that copy folders from copying this one.
 *
 *   to the door     u32 length of the rest · f64 milliseconds of a manual clock, NaN for none · the note's bytes; no bytes ask
 *                   how the program is doing
 *   from the door   u32 length of the rest · JSON, UTF-8, one for each of them in the order in which they came
 *
 *   {"status":"accepted","index":12,"time":…,"outcome":"<base64 of encodeOutcome>","accounts":{"3":"nim1…"},"repeated":true}
 *   {"status":"refused","code":…,"message":…,"data":{…}}
 *   {"status":"failed","code":"busy","message":"…","isNotTaken":true}
 *   {"status":"doing","view":{…}}                     as core/api/hub-view.ts has it
 *
 * All integers are big-endian.
 */

import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { HubView } from '../api/hub-view.ts'
import { toBase64, toHex } from '../base/bytes.ts'
import { MAX_COMMIT_NOTES, MAX_NOTE_BYTES } from '../base/limits.ts'
import { encodeOutcome } from '../domain/outcome.ts'
import type { Refusal } from '../domain/refusal.ts'
import type { Milliseconds } from '../domain/time.ts'
import type { Accepted } from '../ledger/accepted.ts'
import { NotTaken } from '../ledger/admission.ts'
import type { StoreError } from '../ledger/store.ts'
import { frame, readFrames } from './frames.ts'

export const DOOR_FILE = 'door'
/** Most bytes of a socket's path that every system takes. */
const MAX_SOCKET_PATH_BYTES = 100
const FOLDER_PREFIX = 'nimledger-door-'
const MAX_CALLERS = 64
/** How long a note may take to arrive once its first byte did. */
export const FRAME_TIMEOUT_MS = 10_000
const TIME_BYTES = 8

interface Doorkeeper {
  submit(note: Uint8Array, at: Milliseconds | undefined): Promise<Accepted | Refusal>
  /** How the program that holds the lock is doing. */
  view(): Promise<HubView>
  explain(error: unknown): { readonly code: StoreError['code']; readonly message: string }
}

export interface LocalDoor {
  /** Answers what came in, and takes the socket away. */
  close(): Promise<void>
}

/** Opens the door of the ledger in `dir`; to be called with its lock held. */
export async function openLocalDoor(
  dir: string,
  keeper: Doorkeeper,
  { frameTimeoutMs = FRAME_TIMEOUT_MS } = {},
): Promise<LocalDoor> {
  clearDoor(dir)
  const address = chooseAddress(dir)
  const callers = new Set<Socket>()
  // Half open: a caller may say that it has no more notes, and still waits for answers.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    callers.add(socket)
    socket.on('close', () => callers.delete(socket))
    serve(socket, keeper, frameTimeoutMs)
  })
  server.maxConnections = MAX_CALLERS
  await listen(server, address)
  writeFileSync(join(dir, DOOR_FILE), address, { mode: 0o600 })
  return {
    close: async () => {
      rmSync(join(dir, DOOR_FILE), { force: true })
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // Half closed: whoever waits for an answer still gets it.
      for (const socket of callers) socket.emit('leave')
      await closed
      removeSocket(dir, address)
    },
  }
}

function chooseAddress(dir: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\nimledger-${toHex(randomBytes(16))}`
  const inside = join(dir, 'door.sock')
  if (Buffer.byteLength(inside) <= MAX_SOCKET_PATH_BYTES) return inside
  return join(mkdtempSync(join(tmpdir(), FOLDER_PREFIX)), 's')
}

/** The address that a folder's door has or had; undefined where there is none. */
export function readAddress(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, DOOR_FILE), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Takes away what a process that was killed left of its door; to be called with the ledger's lock held. */
export function clearDoor(dir: string): void {
  const address = readAddress(dir)
  if (address !== undefined) removeSocket(dir, address)
  // It may have been killed before it wrote where its door is.
  for (const name of ['door.sock', DOOR_FILE]) rmSync(join(dir, name), { force: true })
}

function removeSocket(dir: string, address: string): void {
  if (process.platform === 'win32') return
  rmSync(address, { force: true })
  // One that was made for the socket alone.
  const folder = dirname(address)
  if (folder !== dir && dirname(folder) === tmpdir() && basename(folder).startsWith(FOLDER_PREFIX))
    rmSync(folder, { recursive: true, force: true })
}

async function listen(server: Server, address: string): Promise<void> {
  // The socket is made while this mask holds, so there is no moment at which others could connect.
  const mask = process.umask(0o077)
  try {
    const listening = new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, () => resolve())
    })
    process.umask(mask)
    await listening
  } finally {
    process.umask(mask)
  }
  if (process.platform !== 'win32') chmodSync(address, 0o600)
}

/** Answers a caller's notes in order; as many are under way at a time as one commit may hold. */
function serve(socket: Socket, keeper: Doorkeeper, timeoutMs: number): void {
  let answered: Promise<void> = Promise.resolve()
  let waiting = 0
  const maximum = TIME_BYTES + MAX_NOTE_BYTES
  socket.on('leave', () => void answered.then(() => socket.end()))
  socket.on('error', () => socket.destroy())
  const take = (bytes: Buffer): void => {
    const answer = submitFrame(keeper, bytes)
    waiting += 1
    if (waiting >= MAX_COMMIT_NOTES) socket.pause()
    answered = answered.then(async () => {
      const reply = frame(Buffer.from(JSON.stringify(await answer), 'utf8'))
      if (socket.writable) socket.write(reply)
      waiting -= 1
      if (socket.isPaused()) socket.resume()
    })
  }
  // Whoever sends no frames is not talked to.
  readFrames(socket, { maximum, timeoutMs }, take, () => socket.destroy())
  socket.on('end', () => void answered.then(() => socket.end()))
}

export type DoorAnswer =
  | {
      readonly status: 'accepted'
      readonly index: number
      readonly time: Milliseconds
      readonly outcome: string
      readonly accounts: Readonly<Record<string, string>>
      readonly repeated?: true
    }
  | Refusal
  | {
      readonly status: 'failed'
      readonly code: StoreError['code']
      readonly message: string
      /** Where nothing became of the note; otherwise that is not known. */
      readonly isNotTaken?: true
    }
  | { readonly status: 'doing'; readonly view: HubView }

async function submitFrame(keeper: Doorkeeper, bytes: Buffer): Promise<DoorAnswer> {
  if (bytes.length < TIME_BYTES) return { status: 'failed', code: 'offline', message: 'What came to the door is no note.' }
  const at = bytes.readDoubleBE(0)
  try {
    if (bytes.length === TIME_BYTES) return { status: 'doing', view: await keeper.view() }
    const answer = await keeper.submit(bytes.subarray(TIME_BYTES), Number.isNaN(at) ? undefined : at)
    return answer.status === 'refused' ? answer : describeAccepted(answer)
  } catch (error) {
    return { status: 'failed', ...keeper.explain(error), ...(error instanceof NotTaken && { isNotTaken: true }) }
  }
}

function describeAccepted({ index, time, outcome, repeated }: Accepted): DoorAnswer {
  const accounts = Object.fromEntries(outcome.touched.map(({ number, account }) => [String(number), account]))
  const bytes = toBase64(encodeOutcome(outcome))
  return { status: 'accepted', index, time, outcome: bytes, accounts, ...(repeated && { repeated }) }
}

/** What asks how the program behind the door is doing. */
export const QUESTION = noteFrame(new Uint8Array(), undefined)

/** What goes to the door for a note. */
export function noteFrame(note: Uint8Array, at: Milliseconds | undefined): Buffer {
  const time = Buffer.alloc(TIME_BYTES)
  time.writeDoubleBE(at ?? Number.NaN)
  return frame(Buffer.concat([time, note]))
}
