/**
 * Reads TypeScript as far as the rules need it: what is code and what is text, what a file imports and exports, where functions
 * begin and end. Formatting is Biome's, so these few patterns are enough; a form that they do not know is better written in one
 * that they do.
 */

/** The code with the content of comments, strings and regular expressions blanked: as long as the source, line by line. */
export function maskText(source: string): string {
  return new Masker(source).run()
}

/** A slash after one of these begins a regular expression; anywhere else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~\n]|\b(?:return|typeof|case|in|of|await|yield))\s*$/

class Masker {
  readonly #source: string
  #out = ''
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  run(): string {
    this.#code(false)
    return this.#out
  }

  /** Copies code; within a template, up to the brace that closes its placeholder. */
  #code(isPlaceholder: boolean): void {
    const source = this.#source
    let depth = 0
    while (this.#at < source.length) {
      const char = source[this.#at]!
      const two = source.slice(this.#at, this.#at + 2)
      if (two === '//') this.#blankUntil(this.#find('\n', this.#at))
      else if (two === '/*') this.#blankUntil(this.#find('*/', this.#at + 2) + 2)
      else if (char === "'" || char === '"') this.#quoted(char)
      else if (char === '`') this.#template()
      else if (char === '/' && BEFORE_REGEX.test(this.#out.slice(-20))) this.#regex()
      else {
        if (char === '{') depth += 1
        if (char === '}') {
          if (depth === 0 && isPlaceholder) return
          depth -= 1
        }
        this.#copy(1)
      }
    }
  }

  #quoted(quote: string): void {
    this.#copy(1)
    while (this.#at < this.#source.length && this.#source[this.#at] !== quote && this.#source[this.#at] !== '\n')
      this.#blankChar()
    this.#copy(1)
  }

  #template(): void {
    this.#copy(1)
    while (this.#at < this.#source.length && this.#source[this.#at] !== '`') {
      if (this.#source.startsWith('${', this.#at)) {
        this.#copy(2)
        this.#code(true)
        this.#copy(1)
      } else this.#blankChar()
    }
    this.#copy(1)
  }

  #regex(): void {
    this.#copy(1)
    let isClass = false
    for (let char = this.#source[this.#at]; char !== undefined && char !== '\n'; char = this.#source[this.#at]) {
      if (char === '/' && !isClass) break
      if (char === '[') isClass = true
      if (char === ']') isClass = false
      this.#blankChar()
    }
    this.#copy(1)
  }

  #find(text: string, from: number): number {
    const found = this.#source.indexOf(text, from)
    return found < 0 ? this.#source.length : found
  }

  #copy(count: number): void {
    this.#out += this.#source.slice(this.#at, this.#at + count)
    this.#at += count
  }

  #blankUntil(end: number): void {
    this.#out += this.#source.slice(this.#at, end).replace(/[^\n]/g, ' ')
    this.#at = end
  }

  /** Blanks a character, or an escaped pair. */
  #blankChar(): void {
    this.#blankUntil(this.#at + (this.#source[this.#at] === '\\' ? 2 : 1))
  }
}

export interface Import {
  readonly specifier: string
  readonly line: number
  /** Names as the imported file exports them; `*` for a whole namespace. */
  readonly names: readonly string[]
  readonly isTypeOnly: boolean
}

const CLAUSE = String.raw`(?:type\s+)?(?:[\w$]+\s*,\s*)?(?:\*(?:\s*as\s+[\w$]+)?|\{[^}]*\}|[\w$]+)`
const STRING = String.raw`(?<quote>['"])(?<text> *)\k<quote>`
const IMPORT_FORMS = [
  new RegExp(String.raw`^(?:import|export)\s+(?<clause>${CLAUSE})\s*from\s*${STRING}`, 'gm'),
  new RegExp(String.raw`^import\s*${STRING}`, 'gm'),
  new RegExp(String.raw`\bimport\s*\(\s*${STRING}`, 'g'),
  new RegExp(String.raw`\b(?:require(?:\.resolve)?|packages\.resolve)\s*\(\s*${STRING}`, 'g'),
  new RegExp(String.raw`\bcreateRequire\s*\([^)]*\)\s*\(\s*${STRING}`, 'g'),
]

/** Everything that a file imports: statically, dynamically, as a type, or through require. */
export function importsOf(source: string): Import[] {
  const masked = maskText(source)
  return IMPORT_FORMS.flatMap((form) =>
    [...masked.matchAll(form)].map((match) => {
      const { clause, text } = match.groups as { clause?: string; text: string }
      const end = match.index + match[0].length - 1
      const specifier = source.slice(end - text.length, end)
      const isTypeOnly = clause?.startsWith('type ') ?? false
      return { specifier, line: lineAt(source, match.index), names: importedNames(clause, masked), isTypeOnly }
    }),
  )
}

function importedNames(clause: string | undefined, masked: string): string[] {
  if (clause === undefined) return ['*']
  const namespace = /\*\s*as\s+([\w$]+)/.exec(clause)?.[1]
  if (namespace !== undefined) return namespaceNames(namespace, masked)
  const list = /\{([^}]*)\}/.exec(clause)?.[1]
  if (list === undefined) return [clause.includes('*') ? '*' : 'default']
  return list
    .split(',')
    .map(
      (item) =>
        item
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0]!,
    )
    .filter((name) => name !== '')
}

/** The names read through a namespace; all of them where it is passed on as a whole. */
function namespaceNames(namespace: string, masked: string): string[] {
  const uses = [...masked.matchAll(new RegExp(`(?<!\\bas\\s+)\\b${namespace}\\b(?:\\.([\\w$]+))?`, 'g'))]
  return uses.map((match) => match[1] ?? '*')
}

export interface Export {
  readonly name: string
  readonly line: number
  readonly isType: boolean
}

const DECLARATION = String.raw`(const|let|function\b\*?|class|interface|type|enum)`

/** The names that a file exports. */
export function exportsOf(source: string): Export[] {
  const masked = maskText(source)
  const declared = new RegExp(String.raw`^export\s+(?:(?:default|declare|abstract|async)\s+)*${DECLARATION}\s*([\w$]+)`, 'gm')
  const found = [...masked.matchAll(declared)].map((match) => ({
    name: match[2]!,
    line: lineAt(source, match.index),
    isType: match[1] === 'interface' || match[1] === 'type',
  }))
  for (const match of masked.matchAll(/^export\s+(type\s+)?\{([^}]*)\}/gm)) {
    for (const item of match[2]!.split(',').filter((text) => text.trim() !== '')) {
      const name = item
        .trim()
        .split(/\s+as\s+/)
        .at(-1)!
      found.push({ name: name.replace(/^type\s+/, ''), line: lineAt(source, match.index), isType: match[1] !== undefined })
    }
  }
  return found
}

/** Files named relative to the one that uses them: new URL('./data.csv', import.meta.url). */
export function resourcesOf(source: string): string[] {
  const masked = maskText(source)
  return [...masked.matchAll(/\bnew URL\(\s*(['"])( *)\1\s*,\s*import\.meta\.url/g)].map((match) => {
    const start = masked.indexOf(match[1]!, match.index) + 1
    return source.slice(start, start + match[2]!.length)
  })
}

export interface FunctionSpan {
  readonly name: string
  readonly line: number
  readonly lines: number
}

const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'return', 'function', 'await', 'super'])

/**
 * Functions, methods and arrow functions that have a body in braces. A suite of tests (describe) is a chapter, not a function.
 */
export function functionsOf(source: string): FunctionSpan[] {
  const masked = maskText(source)
  const found: FunctionSpan[] = []
  const add = (name: string, start: number, open: number) => {
    const line = lineAt(source, start)
    found.push({ name, line, lines: lineAt(source, closing(masked, open)) - line + 1 })
  }
  for (const match of masked.matchAll(/=>\s*\{/g)) {
    const before = source.slice(source.lastIndexOf('\n', match.index) + 1, match.index)
    if (!/^\s*describe\b/.test(before)) add(before.trim().slice(0, 40), match.index, match.index + match[0].length - 1)
  }
  const method = String.raw`^ +(?:(?:static|async|override|get|set|private|protected|public) )*\*?(#?[\w$]+)`
  const named = new RegExp(String.raw`(?:\bfunction\b\*?\s*([\w$]*)|${method})(?:<[^(]*>)?\(`, 'gm')
  for (const match of masked.matchAll(named)) {
    const name = match[1] ?? match[2]!
    if (match[1] === undefined && CONTROL.has(name)) continue
    const open = bodyOf(masked, closing(masked, match.index + match[0].length - 1))
    if (open !== undefined) add(name, match.index + match[0].search(/\S/), open)
  }
  return found
}

/** Where the body opens behind the parameters that end at `end`; undefined for a call or a signature. */
function bodyOf(masked: string, end: number): number | undefined {
  let at = end + 1
  const skipSpace = () => {
    while (/[ \n]/.test(masked[at] ?? '')) at += 1
  }
  skipSpace()
  if (masked[at] === '{') return at
  if (masked[at] !== ':') return undefined
  for (at += 1; at < masked.length; at += 1) {
    const char = masked[at]!
    if (char === '(' || char === '[') at = closing(masked, at)
    else if (char === '{') {
      // A brace where a type may begin is a type's.
      if (!/(?:[:|&<,]|=>|\bextends)\s*$/.test(masked.slice(Math.max(0, at - 20), at))) return at
      at = closing(masked, at)
    } else if (char === '\n' && !/[|&<,({:]\s*$/.test(masked.slice(0, at).slice(-20)) && !/^\s*[|&>}]/.test(masked.slice(at))) {
      return undefined
    }
  }
  return undefined
}

/** The bracket that closes the one at `open`. */
function closing(masked: string, open: number): number {
  let depth = 0
  for (let at = open; at < masked.length; at += 1) {
    if ('([{'.includes(masked[at]!)) depth += 1
    if (')]}'.includes(masked[at]!)) depth -= 1
    if (depth === 0) return at
  }
  return masked.length
}

export function lineAt(source: string, index: number): number {
  let line = 1
  for (let at = source.indexOf('\n'); at >= 0 && at < index; at = source.indexOf('\n', at + 1)) line += 1
  return line
}
