/**
 * A mirror: somebody else's ledger, copied and checked until nothing of it has to be believed. A round:
 *
 *   checkpoint    what the log shows now, signed with the key that is trusted
 *   consistency   by the tiles: it continues what the log has shown before; then it is kept, durably
 *   entries       bundle by bundle, each step proven to be what the checkpoint was signed over
 *   replay        canonical form, signatures behind the gate, every rule; committed in large steps
 *   covered       the book has the checkpoint's root, and its entries name the key that signed
 *
 * It may be cut off anywhere: the next round takes up at the entry after the last one committed. A log that shows two histories,
 * goes back, withholds or alters anything, or has an entry that breaks a rule, ends the round with evidence. What its signatures
 * do not show, a cache or a line on the way may have done as well: that has to be found twice, the second time past all caches.
 */

import { assert } from '../base/assert.ts'
import { equalBytes, toHex } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { entryCount } from '../base/plural.ts'
import { sequencerKeys } from '../domain/state.ts'
import type { Defect } from '../ledger/execution.ts'
import { Follower, type FollowerOptions } from '../ledger/follower.ts'
import { keyInForce, openCheckpointOf } from '../ledger/log-keys.ts'
import { type LoggedEntry, StoreError } from '../ledger/store.ts'
import { frontierAt, signedSize } from '../ledger/tree.ts'
import { type Checkpoint, noteVerifier, openCheckpoint, readCheckpoint, type WitnessGroup } from '../log/checkpoint.ts'
import {
  emptyRoot,
  type Frontier,
  HASH_BYTES,
  leafHash,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from '../log/merkle.ts'
import { formatVerifierKey, isSameKey, parseNote, type VerifierKey } from '../log/note.ts'
import type { VerifySignature } from '../log/signature.ts'
import { formatTilePath, newTiles, TILE_WIDTH, tileWidth } from '../log/tiles.ts'
import { type Evidence, forkOf, restsOnSignatures } from './evidence.ts'
import { RemoteError, type RemoteLog } from './remote.ts'
import { Misserved, type Prefix, RemoteTree, readOwnPrefix } from './remote-tree.ts'

/** Bundles fetched at a time, and proven by one proof. While a step is replayed, the next one is fetched. */
const STEP_BUNDLES = 8

export interface MirrorOptions extends FollowerOptions {
  readonly remote: RemoteLog
  /** The log's key, which whoever keeps the mirror got from elsewhere. */
  readonly trusted: VerifierKey
  /** Who has to have cosigned a checkpoint before any of its entries is taken. */
  readonly witnesses?: { readonly group: WitnessGroup; readonly verify: VerifySignature } | undefined
  readonly progress?: ((done: number, total: number) => void) | undefined
}

export interface Synced {
  readonly status: 'synced'
  readonly size: number
  readonly root: Uint8Array
  /** How many entries this round added. */
  readonly applied: number
}

interface Caught {
  readonly status: 'caught'
  readonly evidence: Evidence
}

/** A checkpoint as it was signed, and what it says. */
interface Signed extends Checkpoint {
  readonly signed: Uint8Array
}

/** Entries that are proven to be the log's. */
interface Step {
  readonly entries: readonly LoggedEntry[]
  readonly frontier: Frontier
}

export class Mirror {
  readonly #options: MirrorOptions
  #follower: Follower | undefined

  private constructor(options: MirrorOptions) {
    this.#options = options
  }

  /**
   * Opens a mirror that may have been left in any state. Throws StoreError `damaged` where its book is not what its checkpoint
   * covers.
   */
  static async open(options: MirrorOptions): Promise<Mirror> {
    const { sha256, store, verifier } = options
    const checkpoint = await store.checkpoint()
    if (checkpoint !== undefined) await signedSize(sha256, store, checkpoint, verifier)
    return new Mirror(options)
  }

  /**
   * One round. Throws StoreError `offline` where the log cannot be reached, `damaged` where what it shows was not signed by its
   * key.
   */
  async sync(): Promise<Synced | Caught> {
    const { remote } = this.#options
    const found = await this.#round(remote)
    const isFinal = found.status === 'synced' || restsOnSignatures(found.evidence.kind)
    return isFinal ? found : this.#round(remote.afresh())
  }

  async #round(remote: RemoteLog): Promise<Synced | Caught> {
    const shown = await this.#readCheckpoint(remote)
    const before = await this.#shownBefore()
    const tree = new RemoteTree(this.#options.sha256, remote, shown)
    const sides = { shown: shown.signed, ...(before && { held: before.signed }) }
    try {
      const evidence =
        (before && (await this.#compare(before, shown, tree))) ?? (await this.#followWitnessed(shown, tree, before))
      if ('kind' in evidence) {
        this.#follower = undefined
        return { status: 'caught', evidence: { ...evidence, ...sides } }
      }
      return evidence
    } catch (error) {
      this.#follower = undefined
      if (!(error instanceof Misserved)) throw error
      const { kind, resource, message } = error
      return { status: 'caught', evidence: { kind, resource, message, ...sides } }
    }
  }

  /** The checkpoint that the log shows now, signed with the key that has to be trusted after the entries at hand. */
  async #readCheckpoint(remote: RemoteLog): Promise<Signed> {
    const key = await this.#trustedKey()
    let signed!: Uint8Array
    for (const from of [remote, remote.afresh()]) {
      signed = await from.checkpoint()
      const checkpoint = await openCheckpointOf(key, signed, this.#options.verifier)
      if (checkpoint !== undefined) return { ...checkpoint, signed }
    }
    throw new StoreError(
      'damaged',
      `What ${remote.name} shows is not a checkpoint signed with ${formatVerifierKey(key)}${others(key, signed)}.`,
    )
  }

  /**
   * If the entries at hand name the key that was given, the key that they put in force is trusted; any other has to prove itself.
   */
  async #trustedKey(): Promise<VerifierKey> {
    const { sha256, store, trusted } = this.#options
    const isNamed = await this.#isNamed(trusted)
    return (isNamed ? await keyInForce(sha256, store, await store.size()) : undefined) ?? trusted
  }

  async #isNamed({ publicKey }: VerifierKey): Promise<boolean> {
    const [row] = await this.#options.store.rows([sequencerKeys.at(toHex(publicKey))])
    return row !== undefined
  }

  async #shownBefore(): Promise<Signed | undefined> {
    const signed = await this.#options.store.shown()
    if (signed === undefined) return undefined
    const checkpoint = readCheckpoint(signed)
    if (checkpoint instanceof Malformed) throw new StoreError('damaged', 'The checkpoint that the mirror keeps is damaged.')
    return { ...checkpoint, signed }
  }

  /** Why what the log shows now contradicts what it showed before; undefined where it does not. */
  async #compare(before: Signed, shown: Signed, tree: RemoteTree): Promise<Finding | undefined> {
    if (shown.size === before.size) {
      if (equalBytes(shown.root, before.root)) return undefined
      return forkOf(before, shown)
    }
    if (shown.size < before.size) return this.#findRollback(before, shown)
    if (before.size === 0) return undefined
    const prefix = await tree.prefix(before.size)
    this.#checkPrefix(before.size, prefix, shown)
    return equalBytes(prefix.root, before.root) ? undefined : forkOf(before, shown, prefix)
  }

  async #findRollback(before: Signed, shown: Signed): Promise<Finding> {
    const { sha256, store } = this.#options
    const message = `The log shows ${entryCount(shown.size)}, after it showed ${before.size}: it went back.`
    const isHere = (await store.size()) >= before.size
    if (!isHere || shown.size === 0) return { kind: 'rollback', message }
    const prefix = await readOwnPrefix(sha256, store, shown.size, before)
    return equalBytes(prefix.root, shown.root) ? { kind: 'rollback', message } : forkOf(shown, before, prefix)
  }

  #checkPrefix(size: number, { root, path }: Prefix, head: TreeHead): void {
    if (verifyConsistency(this.#options.sha256, { size, root }, head, path)) return
    throw new Misserved('altered', 'tile', WRONG_TILES)
  }

  /** Entries that the witnesses have not seen yet are not taken, though a contradiction in them is evidence all the same. */
  async #followWitnessed(shown: Signed, tree: RemoteTree, before: Signed | undefined): Promise<Synced | Finding> {
    const { remote, witnesses } = this.#options
    if (witnesses !== undefined) {
      const logKeys = [noteVerifier(witnesses.verify, await this.#trustedKey())]
      const opened = openCheckpoint(shown.signed, { origin: shown.origin, logKeys, ...witnesses.group })
      if (opened instanceof Malformed)
        throw new RemoteError('unwitnessed', `What ${remote.name} shows is not witnessed yet: ${opened.reason}.`)
    }
    return this.#follow(shown, tree, before)
  }

  /** Takes the entries up to the checkpoint shown, which continues the one before. */
  async #follow(shown: Signed, tree: RemoteTree, before: Signed | undefined): Promise<Synced | Finding> {
    const { sha256, store } = this.#options
    if (shown.size === 0 && !equalBytes(shown.root, emptyRoot(sha256)))
      return { kind: 'altered', message: 'The root of no entries is another.', resource: 'checkpoint' }
    if (before === undefined || !equalBytes(before.signed, shown.signed)) await store.keepShown(shown.signed)
    const start = await store.size()
    if (start > shown.size) throw new StoreError('damaged', 'The mirror has entries that the log has not shown to it.')
    const defect = start === shown.size ? undefined : await this.#replay(start, shown, tree)
    if (defect !== undefined) return this.#invalid(defect, tree)
    const wrong = shown.size === 0 ? undefined : await this.#checkKey(shown)
    if (wrong !== undefined) return wrong
    const covered = await store.checkpoint()
    if (covered === undefined || !equalBytes(covered, shown.signed)) {
      await this.#checkTiles(covered, tree)
      await store.coverShown()
    }
    return { status: 'synced', size: shown.size, root: shown.root, applied: shown.size - start }
  }

  async #replay(start: number, shown: Signed, tree: RemoteTree): Promise<Defect | undefined> {
    const { sha256, store, progress } = this.#options
    const follower = this.#follower?.size === start ? this.#follower : await Follower.open(this.#options)
    this.#follower = follower
    let next = this.#fetchStep(await frontierAt(sha256, store, start), tree)
    for (;;) {
      const step = await next.catch((error) => error as Error)
      // What came before the failure is kept, so that on a bad network every round gets further.
      if (step instanceof Error) return (await follower.flush()) ?? Promise.reject(step)
      const isLast = step.frontier.size === shown.size
      if (!isLast) next = this.#fetchStep(step.frontier, tree)
      // The next turn of the loop waits for it and hears of its failure; until then nobody has to.
      next.catch(() => {})
      const defect = (await follower.add(step.entries)) ?? (isLast ? await follower.flush() : undefined)
      if (defect !== undefined) return defect
      progress?.(follower.size - start, shown.size - start)
      if (isLast) break
    }
    assert((await store.size()) === shown.size, 'the book has the entries that the checkpoint covers')
    return undefined
  }

  /** The entries that follow those of the frontier, proven by one proof. */
  async #fetchStep(frontier: Frontier, tree: RemoteTree): Promise<Step> {
    const { sha256 } = this.#options
    const { head } = tree
    const start = frontier.size
    const first = Math.floor(start / TILE_WIDTH)
    const last = Math.min(first + STEP_BUNDLES, Math.ceil(head.size / TILE_WIDTH))
    const numbers = Array.from({ length: last - first }, (_, i) => first + i)
    const asked = numbers.map((number) => Promise.all([tree.bundle(number), tree.tile(0, number)]))
    const bundles = (await Promise.all(asked)).map(([entries]) => entries)
    const entries = bundles
      .flat()
      .slice(start - first * TILE_WIDTH)
      .map((bytes, i) => ({ index: start + i, bytes, leaf: leafHash(sha256, bytes) }))
    const grown = frontier.copy()
    const leaves = entries.map(({ leaf }) => leaf)
    for (const leaf of leaves) grown.append(leaf)
    const { path } = await tree.prefix(grown.size)
    const isProven = verifyConsistency(sha256, { size: grown.size, root: grown.root() }, head, path)
    const altered = await findAltered(tree, start, leaves)
    if (altered !== undefined)
      throw isProven ? wrongTile(altered, tree) : await this.#blame(altered, frontier, leaves.length, tree)
    if (!isProven) throw new Misserved('altered', 'tile', WRONG_TILES)
    return { entries, frontier: grown }
  }

  /** An entry does not match its hash, and the entries are not those that were signed. Are the hashes those that were signed? */
  async #blame(altered: number, frontier: Frontier, count: number, tree: RemoteTree): Promise<Misserved> {
    const signed = frontier.copy()
    for (let index = frontier.size; index < frontier.size + count; index++) signed.append(await hashOf(tree, index))
    const { path } = await tree.prefix(signed.size)
    if (!verifyConsistency(this.#options.sha256, { size: signed.size, root: signed.root() }, tree.head, path))
      return new Misserved('altered', 'tile', WRONG_TILES)
    const number = Math.floor(altered / TILE_WIDTH)
    const resource = formatTilePath({ level: 'entries', number, width: tileWidth(0, number, tree.head.size) })
    return new Misserved('altered', resource, `Entry ${altered} is not the one that the checkpoint was signed over.`)
  }

  /** Others make their proofs from what is served, so the tiles above the leaves have to be right as well. */
  async #checkTiles(covered: Uint8Array | undefined, tree: RemoteTree): Promise<void> {
    const before = covered === undefined ? undefined : readCheckpoint(covered)
    const start = before === undefined || before instanceof Malformed ? 0 : before.size
    for (const { level, number, width } of newTiles(start, tree.head.size)) {
      if (level === 0) continue
      const [own, served] = [await this.#options.store.tile(level, number), await tree.tile(level, number)]
      const isSame = own !== undefined && equalBytes(own.subarray(0, width * HASH_BYTES), served)
      if (!isSame) throw new Misserved('altered', formatTilePath({ level, number, width }), WRONG_TILES)
    }
  }

  /** The log has an entry that breaks a rule; anybody who has the entries before it can see that it does. */
  async #invalid({ index, message }: Defect, tree: RemoteTree): Promise<Finding> {
    assert(index !== undefined, 'a replay names the entry')
    const entry = (await tree.bundle(Math.floor(index / TILE_WIDTH)))[index % TILE_WIDTH]!
    const path = await tree.inclusion(index)
    const { sha256 } = this.#options
    if (!verifyInclusion(sha256, { index, hash: leafHash(sha256, entry) }, tree.head, path))
      throw new Misserved('altered', 'tile', WRONG_TILES)
    return { kind: 'invalid', message: `Entry ${index} of the log breaks its rules: ${message}`, index, entry, path }
  }

  /** The entries have to name the key that signed, and the one that is trusted. */
  async #checkKey(shown: Signed): Promise<Finding | undefined> {
    const { sha256, store, trusted, verifier } = this.#options
    const key = await keyInForce(sha256, store, shown.size)
    if (key === undefined || (await openCheckpointOf(key, shown.signed, verifier)) === undefined)
      return { kind: 'invalid', message: 'The checkpoint is not signed with the key that the log names.' }
    if (await this.#isNamed(trusted)) return undefined
    throw new StoreError('damaged', `The log names the key ${formatVerifierKey(key)}, not the one given.`)
  }
}

/** What was found, without the two checkpoints. */
type Finding = Omit<Evidence, 'held' | 'shown'>

const WRONG_TILES = 'The tiles that are served are not those that the checkpoint was signed over.'

/** The first entry, from `start` on, that does not hash to what its tile says. */
async function findAltered(tree: RemoteTree, start: number, leaves: readonly Uint8Array[]): Promise<number | undefined> {
  for (let index = start; index < start + leaves.length; ) {
    const hashes = await tree.tile(0, Math.floor(index / TILE_WIDTH))
    const end = Math.min(index - (index % TILE_WIDTH) + TILE_WIDTH, start + leaves.length)
    for (; index < end; index++) if (!equalBytes(hashAt(hashes, index), leaves[index - start]!)) return index
  }
  return undefined
}

async function hashOf(tree: RemoteTree, index: number): Promise<Uint8Array> {
  return hashAt(await tree.tile(0, Math.floor(index / TILE_WIDTH)), index)
}

/** The hash of a leaf in the tile of its level. */
function hashAt(hashes: Uint8Array, index: number): Uint8Array {
  const offset = (index % TILE_WIDTH) * HASH_BYTES
  return hashes.subarray(offset, offset + HASH_BYTES)
}

function wrongTile(index: number, { head }: RemoteTree): Misserved {
  const number = Math.floor(index / TILE_WIDTH)
  return new Misserved('altered', formatTilePath({ level: 0, number, width: tileWidth(0, number, head.size) }), WRONG_TILES)
}

/** Who signed a note under the log's name instead. */
function others(key: VerifierKey, signed: Uint8Array): string {
  const note = parseNote(signed, MAX_NOTE_BYTES)
  if (note instanceof Malformed) return ''
  if (note.signatures.some((signature) => isSameKey(signature, key))) return ', although it says so'
  const ids = note.signatures.filter(({ name }) => name === key.name).map(({ keyId }) => keyId)
  if (ids.length === 0) return ''
  const advice = "if the log's key was replaced, ask its operator for the new vkey"
  return `, but with the key ${ids.join(' and ')} of the same name; ${advice}`
}
