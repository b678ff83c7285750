/**
 * Reads the text of a PDF as pdfkit writes it: a content stream for each page, in which text is glyph numbers, and for each font
 * a map from those to Unicode. Enough to see what a reader sees, and that the fonts are inside.
 */

import { inflateSync } from 'node:zlib'

interface PdfPage {
  /** Pieces of text in the order of drawing, one a call. */
  readonly texts: readonly string[]
}

interface Pdf {
  readonly pages: readonly PdfPage[]
  readonly embeddedFonts: number
  readonly bytes: Buffer
}

export function readPdf(bytes: Buffer): Pdf {
  const objects = objectsOf(bytes)
  const fonts = new Map<string, Map<string, string>>()
  for (const { dictionary } of objects.values()) {
    for (const [, name, id] of dictionary.matchAll(/\/(F\d+) (\d+) 0 R/g)) fonts.set(name!, fontMap(objects, id!))
  }
  const pages = [...objects.values()].filter(({ dictionary }) => /\/Type \/Page\b/.test(dictionary))
  return {
    bytes,
    embeddedFonts: [...objects.values()].filter(({ dictionary }) => /\/FontFile2 \d/.test(dictionary)).length,
    pages: pages.map(({ dictionary }) => {
      const contents = /\/Contents (\d+) 0 R/.exec(dictionary)![1]!
      return { texts: textsOf(objects.get(contents)!.stream!, fonts) }
    }),
  }
}

interface PdfObject {
  readonly dictionary: string
  readonly stream?: string
}

function objectsOf(bytes: Buffer): Map<string, PdfObject> {
  const objects = new Map<string, PdfObject>()
  const text = bytes.toString('latin1')
  for (const match of text.matchAll(/^(\d+) 0 obj\n([\s\S]*?)\n(?:stream\n|endobj)/gm)) {
    const [whole, id, dictionary] = match as unknown as [string, string, string]
    const length = Number(/\/Length (\d+)/.exec(dictionary)?.[1] ?? 0)
    const start = match.index + whole.length
    const isStream = whole.endsWith('stream\n')
    const raw = bytes.subarray(start, start + length)
    const stream = dictionary.includes('FlateDecode') ? inflateSync(raw) : raw
    objects.set(id, { dictionary, ...(isStream && { stream: stream.toString('latin1') }) })
  }
  return objects
}

function fontMap(objects: ReadonlyMap<string, PdfObject>, id: string): Map<string, string> {
  const glyphs = new Map<string, string>()
  const map = /\/ToUnicode (\d+) 0 R/.exec(objects.get(id)?.dictionary ?? '')?.[1]
  const ranges = /beginbfrange\n([\s\S]*?)\nendbfrange/.exec(objects.get(map ?? '')?.stream ?? '')?.[1] ?? ''
  for (const [, first, list] of ranges.matchAll(/<([0-9a-f]+)> <[0-9a-f]+> \[(.*)\]/g)) {
    for (const [i, [, codes]] of [...list!.matchAll(/<([0-9a-f ]*)>/g)].entries()) {
      const units = codes!.match(/[0-9a-f]{4}/g) ?? []
      const glyph = (Number.parseInt(first!, 16) + i).toString(16).padStart(4, '0')
      glyphs.set(glyph, String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16))))
    }
  }
  return glyphs
}

function textsOf(content: string, fonts: ReadonlyMap<string, ReadonlyMap<string, string>>): string[] {
  const texts: string[] = []
  let font: ReadonlyMap<string, string> | undefined
  for (const [, name, shown] of content.matchAll(/\/(F\d+) [\d.]+ Tf|\[(.*?)\] TJ/g)) {
    if (name !== undefined) font = fonts.get(name)
    else {
      const glyphs = [...shown!.matchAll(/<([0-9a-f]*)>/g)].flatMap(([, hex]) => hex!.match(/.{4}/g) ?? [])
      texts.push(glyphs.map((glyph) => font!.get(glyph)!).join(''))
    }
  }
  return texts
}
