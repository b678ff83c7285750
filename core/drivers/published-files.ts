/**
 * What a hub with witnesses published last, beside its ledger:
 *
 *   cosigned-checkpoint     the last checkpoint that the quorum had cosigned
 *   published-checkpoint    a later one that was served without it
 *
 * So that what is served never goes back over a restart. Both are signed notes; a file that is lost is made again by witnesses.
 */

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes } from '../base/bytes.ts'
import { MAX_NOTE_BYTES } from '../base/limits.ts'
import { Malformed } from '../base/malformed.ts'
import { StoreError } from '../ledger/store.ts'
import { readCheckpoint } from '../log/checkpoint.ts'
import { writeDurably } from './durable-file.ts'

const COSIGNED = 'cosigned-checkpoint'
const PUBLISHED = 'published-checkpoint'

interface Published {
  readonly checkpoint?: Uint8Array | undefined
  readonly cosigned?: Uint8Array | undefined
}

export function readPublished(dir: string): Published {
  const cosigned = read(join(dir, COSIGNED))
  const unwitnessed = read(join(dir, PUBLISHED))
  const isLater = unwitnessed !== undefined && (cosigned === undefined || unwitnessed.size > cosigned.size)
  return { cosigned: cosigned?.signed, checkpoint: (isLater ? unwitnessed : cosigned)?.signed }
}

/** Keeps what is about to be served. */
export function keepPublished(dir: string, { checkpoint, cosigned }: Published): void {
  if (checkpoint === undefined) return
  const isCosigned = cosigned !== undefined && equalBytes(checkpoint, cosigned)
  writeDurably(join(dir, isCosigned ? COSIGNED : PUBLISHED), checkpoint)
  if (isCosigned) rmSync(join(dir, PUBLISHED), { force: true })
}

function read(path: string): { readonly signed: Uint8Array; readonly size: number } | undefined {
  if (!existsSync(path)) return undefined
  const damaged = new StoreError('damaged', `${path} is no checkpoint. Take it away; the witnesses are asked for a new one.`)
  if (statSync(path).size > MAX_NOTE_BYTES) throw damaged
  const signed = readFileSync(path)
  const head = readCheckpoint(signed)
  if (head instanceof Malformed) throw damaged
  return { signed, size: head.size }
}
