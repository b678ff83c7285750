/** What a hub was caught at, kept beside the mirror: one file for each thing, named by its content. */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Milliseconds } from '../domain/time.ts'
import { writeDurably } from '../drivers/durable-file.ts'
import { sha256 } from '../drivers/sha256.ts'
import { type Evidence, evidenceName, formatEvidence } from '../sync/evidence.ts'

const NAME = /^evidence-[0-9a-f]{16}\.json$/
/** Most files that are listed; a hub is not caught often. */
const MAX_SHOWN = 100

/** Returns where it is kept. */
export function keepEvidence(dir: string, evidence: Evidence): string {
  const bytes = formatEvidence(evidence)
  const file = join(dir, evidenceName(sha256, bytes))
  writeDurably(file, bytes)
  return file
}

export interface EvidenceFile {
  readonly name: string
  readonly kept: Milliseconds
  readonly bytes: Uint8Array
}

/** The newest first. */
export function listEvidence(dir: string): EvidenceFile[] {
  if (!existsSync(dir)) return []
  const names = readdirSync(dir).filter((name) => NAME.test(name))
  const files = names.map((name) => ({ name, kept: Math.trunc(statSync(join(dir, name)).mtimeMs) }))
  const newest = files.sort((a, b) => b.kept - a.kept).slice(0, MAX_SHOWN)
  return newest.map((file) => ({ ...file, bytes: readFileSync(join(dir, file.name)) }))
}
