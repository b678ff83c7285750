/** The files of the repository, as the rules see them. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A text file; its path from the root, with slashes. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** What is made, not written: not in the repository (see .gitignore). */
const MADE = new Set(['.git', 'node_modules', 'out', 'coverage', '.DS_Store'])

/** Every file of the repository, vectors and data included. */
export function listFiles(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (MADE.has(entry.name) || path.endsWith('.log')) return []
    return entry.isDirectory() ? listFiles(path) : [path]
  })
}

export function readText(path: string): TextFile {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
}

/** Published vectors and the real trace are other people's text; the lock file is npm's; pictures are none. */
function isOwnText(path: string): boolean {
  return !path.startsWith('test/vectors/') && !/\.(?:csv|png)$/.test(path) && path !== 'package-lock.json'
}

const paths = listFiles()

export const allPaths: readonly string[] = paths
/** Everything that was written for this project. */
export const ownFiles: readonly TextFile[] = paths.filter(isOwnText).map(readText)
/** Programs and tests. */
export const codeFiles: readonly TextFile[] = ownFiles.filter(({ path }) => /\.(?:[cm]?[jt]s|tsx|go)$/.test(path))
export const coreFiles: readonly TextFile[] = codeFiles.filter(({ path }) => path.startsWith('core/'))
export const testFiles: readonly TextFile[] = codeFiles.filter(({ path }) => path.startsWith('test/'))
