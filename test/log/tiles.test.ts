import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { concatBytes, equalBytes, toHex, utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import {
  consistencyRanges,
  Frontier,
  foldRanges,
  inclusionRanges,
  leafHash,
  nodesOf,
  verifyConsistency,
  verifyInclusion,
} from '../../core/log/merkle.ts'
import {
  appendLeaves,
  edgeTiles,
  formatBundle,
  formatTilePath,
  newTiles,
  parseBundle,
  parseTilePath,
  type ReadTile,
  readFrontier,
  readNode,
  type Tile,
  type TilePath,
  tilesOf,
  tileWidth,
} from '../../core/log/tiles.ts'
import { expectInvariantError, hex, leafHashes, NaiveTree, readVectors, sha256, wellFormed } from './support.ts'

const vectors = readVectors<{
  format: { level: number | 'entries'; index: number; partial: number; path: string }[]
  parse: { level: string; index: string; wantLevel: string; wantIndex: string; wantPartial: number }[]
  parseErrors: { level: string; index: string }[]
}>('tiles/paths.json')

/** A store's tile rows. Like one, it replaces a row by the longer one. */
class Rows {
  readonly rows = new Map<string, Uint8Array>()
  readonly read: ReadTile = (level, number) => {
    const row = this.rows.get(`${level}/${number}`)
    if (row === undefined) throw new Error(`no tile ${level}/${number}`)
    return row
  }

  /** A reader that has only these tiles, cut to their widths. */
  only(tiles: Iterable<Tile>): ReadTile {
    const loaded = new Rows()
    for (const { level, number, width } of tiles) {
      loaded.rows.set(`${level}/${number}`, this.read(level, number).subarray(0, width * 32))
    }
    return loaded.read
  }

  append(frontier: Frontier, leaves: Uint8Array[]): Frontier {
    const appended = appendLeaves(this.only(edgeTiles(frontier.size)), frontier, leaves)
    for (const { level, number, hashes } of appended.tiles) this.rows.set(`${level}/${number}`, hashes)
    return appended.frontier
  }
}

/** Appends leaves in batches of these sizes, in turn. */
function store(leaves: Uint8Array[], batches: number[]): { rows: Rows; frontier: Frontier } {
  const rows = new Rows()
  let frontier = new Frontier(sha256)
  for (let i = 0; frontier.size < leaves.length; i++) {
    const batch = batches[i % batches.length]!
    frontier = rows.append(frontier, leaves.slice(frontier.size, frontier.size + batch))
  }
  return { rows, frontier }
}

describe('paths', () => {
  test('the vectors are all there', () => {
    expect([vectors.format.length, vectors.parse.length, vectors.parseErrors.length]).toEqual([11, 4, 15])
  })

  test.each(vectors.format)('$path', ({ level, index, partial, path }) => {
    const tile = { level, number: index, width: partial === 0 ? 256 : partial }
    expect(formatTilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  test.each(vectors.parse)('tile/$level/$index', ({ level, index, wantLevel, wantIndex, wantPartial }) => {
    const parsed = parseTilePath(`tile/${level}/${index}`)
    // Tile numbers are integers that a double holds; a number beyond belongs to no tree of this project and is refused.
    if (Number.isSafeInteger(Number(wantIndex))) {
      expect(parsed).toEqual({ level: Number(wantLevel), number: Number(wantIndex), width: wantPartial || 256 })
    } else {
      expect(wantIndex).toBe('999999999999999999')
      expect(parsed).toBeInstanceOf(Malformed)
    }
  })

  test.each(vectors.parseErrors)('malformed: tile/$level/$index', ({ level, index }) => {
    expect(parseTilePath(`tile/${level}/${index}`)).toBeInstanceOf(Malformed)
  })

  test.each([
    '',
    'tile',
    'tile/0',
    '/tile/0/000',
    'tile/0/000/',
    'tile/00/000',
    'tile/01/000',
    'tile/0/0',
    'tile/0/00',
    'tile/0/0000',
    'tile/0/x000/001',
    'tile/0/x000/x001/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/999',
    'tile/0/000.p/-1',
    'tile/0/000.p/1/',
    'tile/0/x001.p/1/000',
    'tile/data/000',
    'tile/8/0/000',
    'tile/99/000',
    'tile/0/000\n',
    'tile/0/X001/000',
    'tile/0/x001/٠٠٠',
    'tile/entries/x000/000',
    `tile/0/${'x999/'.repeat(1000)}999`,
  ])('malformed: %j', (path) => {
    expect(parseTilePath(path)).toBeInstanceOf(Malformed)
  })

  test('give back what was formatted', () => {
    const tile = fc.record<TilePath>({
      level: fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant('entries' as const)),
      number: fc.oneof(fc.nat(2000), fc.maxSafeNat()),
      width: fc.integer({ min: 1, max: 256 }),
    })
    fc.assert(
      fc.property(tile, (tile) => {
        expect(parseTilePath(formatTilePath(tile))).toEqual(tile)
      }),
    )
  })

  test('are made of possible tiles only', () => {
    const tile = { level: 0, number: 0, width: 1 }
    for (const level of [-1, 64, 0.5]) expectInvariantError(() => formatTilePath({ ...tile, level }))
    for (const number of [-1, 0.5, 2 ** 53]) expectInvariantError(() => formatTilePath({ ...tile, number }))
    for (const width of [0, 257, 0.5]) expectInvariantError(() => formatTilePath({ ...tile, width }))
  })
})

describe('which tiles a size implies', () => {
  const paths = (tiles: Iterable<Tile>) => [...tiles].map(formatTilePath)

  test.each<[number, string[]]>([
    [0, []],
    [1, ['tile/0/000.p/1']],
    [255, ['tile/0/000.p/255']],
    [256, ['tile/0/000', 'tile/1/000.p/1']],
    [257, ['tile/0/000', 'tile/0/001.p/1', 'tile/1/000.p/1']],
    [512, ['tile/0/000', 'tile/0/001', 'tile/1/000.p/2']],
  ])('%i', (size, expected) => {
    expect(paths(newTiles(0, size))).toEqual(expected)
  })

  test('70,000', () => {
    const tiles = paths(newTiles(0, 70_000))
    const full = Array.from({ length: 273 }, (_, number) => `tile/0/${String(number).padStart(3, '0')}`)
    expect(tiles).toEqual([...full, 'tile/0/273.p/112', 'tile/1/000', 'tile/1/001.p/17', 'tile/2/000.p/1'])
    expect(paths(edgeTiles(70_000))).toEqual(['tile/0/273.p/112', 'tile/1/001.p/17', 'tile/2/000.p/1'])
  })

  test('65,536: every tile is full but the topmost', () => {
    expect(paths(edgeTiles(65_536))).toEqual(['tile/2/000.p/1'])
    expect(tileWidth(0, 255, 65_536)).toBe(256)
    expect(tileWidth(0, 256, 65_536)).toBe(0)
    expect(tileWidth(1, 0, 65_536)).toBe(256)
    expect(tileWidth(1, 1, 65_536)).toBe(0)
    expect(tileWidth(2, 0, 65_536)).toBe(1)
    expect(tileWidth(63, 0, 65_536)).toBe(0)
  })

  test('2^53 - 1', () => {
    const size = Number.MAX_SAFE_INTEGER
    expect(paths(edgeTiles(size))).toEqual([
      'tile/0/x035/x184/x372/x088/831.p/255',
      'tile/1/x137/x438/x953/471.p/255',
      'tile/2/x536/x870/911.p/255',
      'tile/3/x002/x097/151.p/255',
      'tile/4/x008/191.p/255',
      'tile/5/031.p/255',
      'tile/6/000.p/31',
    ])
  })

  test('as the definition says, and the new ones are those that the old size has not', () => {
    const all = (size: number) => {
      const tiles: string[] = []
      for (let level = 0; size >= 256 ** level; level++) {
        const hashes = Math.floor(size / 256 ** level)
        for (let n = 0; n * 256 < hashes; n++) tiles.push(`${level}/${n}/${Math.min(256, hashes - n * 256)}`)
      }
      return tiles
    }
    const name = ({ level, number, width }: Tile) => `${level}/${number}/${width}`
    fc.assert(
      fc.property(fc.nat(200_000), fc.nat(2_000), (oldSize, growth) => {
        const size = oldSize + growth
        const [old, current] = [new Set(all(oldSize)), all(size)]
        expect([...newTiles(0, size)].map(name)).toEqual(current)
        expect([...newTiles(oldSize, size)].map(name)).toEqual(current.filter((tile) => !old.has(tile)))
        expect(edgeTiles(size).map(name)).toEqual(current.filter((tile) => !tile.endsWith('/256')))
      }),
    )
    expectInvariantError(() => [...newTiles(2, 1)])
    expectInvariantError(() => [...newTiles(0, 2 ** 53)])
  })
})

describe('the specification example of this project', () => {
  const entries = ['alpha', 'beta', 'gamma'].map(utf8)
  const hashes = entries.map((entry) => leafHash(sha256, entry))

  test('the tile of three entries', () => {
    const { frontier, tiles } = appendLeaves(() => expect.fail('nothing to read'), new Frontier(sha256), hashes)
    expect(tiles).toEqual([{ level: 0, number: 0, hashes: concatBytes(...hashes) }])
    expect(toHex(frontier.root())).toBe('385da30f3917282c8939dff851957e519ab1846b1351a14c0adb3b11632742aa')
  })

  test('the bundle of three entries', () => {
    const bundle = hex('0005616c706861000462657461000567616d6d61')
    expect(formatBundle(entries)).toEqual(bundle)
    expect(parseBundle(bundle, 3)).toEqual(entries)
  })
})

describe('a tree of 70,000 leaves', () => {
  const SIZE = 70_000
  let naive: NaiveTree
  let rows: Rows
  let frontier: Frontier

  beforeAll(() => {
    const leaves = leafHashes(SIZE)
    naive = new NaiveTree(leaves)
    ;({ rows, frontier } = store(leaves, [1, 300, 7, 1000, 256, 4096]))
  })

  test('has exactly the tiles of its size, with the hashes that the definition gives', () => {
    const tiles = [...newTiles(0, SIZE)]
    expect([...rows.rows.keys()].sort()).toEqual(tiles.map(({ level, number }) => `${level}/${number}`).sort())
    for (const { level, number, width } of tiles) {
      const span = 256 ** level
      const hashes = Array.from({ length: width }, (_, i) => {
        const index = number * 256 + i
        return naive.hash(index * span, (index + 1) * span)
      })
      expect(equalBytes(rows.read(level, number), concatBytes(...hashes)), `tile ${level}/${number}`).toBe(true)
    }
    expect(frontier.root()).toEqual(naive.hash(0, SIZE))
  })

  test('gives its root at every earlier size, from the edge tiles of that size alone', () => {
    const near = [0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, SIZE - 1, SIZE]
    const sizes = [...near, ...Array.from({ length: 100 }, (_, i) => (i * 7919) % SIZE)]
    for (const size of sizes) {
      const earlier = readFrontier(sha256, rows.only(edgeTiles(size)), size)
      expect(earlier.size).toBe(size)
      expect(equalBytes(earlier.root(), naive.hash(0, size)), `size ${size}`).toBe(true)
      // Rows that have grown since serve as well.
      expect(earlier.hashes).toEqual(readFrontier(sha256, rows.read, size).hashes)
    }
  })

  test('gives proofs, from the tiles that they are planned to read', () => {
    const prove = (ranges: ReturnType<typeof inclusionRanges>, size: number) => {
      const nodes = nodesOf(ranges)
      const readTile = rows.only(tilesOf(nodes, size))
      return foldRanges(
        sha256,
        ranges,
        nodes.map((node) => readNode(sha256, readTile, node)),
      )
    }
    const sizeAndIndex = fc.tuple(fc.integer({ min: 1, max: SIZE }), fc.nat()).map(([size, part]) => [size, part % size] as const)
    fc.assert(
      fc.property(sizeAndIndex, ([size, index]) => {
        const tree = { size, root: naive.hash(0, size) }
        const leaf = { index, hash: naive.leaves[index]! }
        expect(verifyInclusion(sha256, leaf, tree, prove(inclusionRanges(index, size), size))).toBe(true)
        const older = { size: index + 1, root: naive.hash(0, index + 1) }
        expect(verifyConsistency(sha256, older, tree, prove(consistencyRanges(index + 1, size), size))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  test('plans each tile once', () => {
    const tiles = tilesOf(nodesOf(inclusionRanges(12_345, SIZE)), SIZE).map(formatTilePath)
    expect(tiles).toEqual([...new Set(tiles)])
    expect(tiles).toEqual(['tile/0/048', 'tile/1/000', 'tile/1/001.p/17', 'tile/0/273.p/112'])
  })

  test('refuses to read a node that its tile does not reach', () => {
    expectInvariantError(() => readNode(sha256, rows.read, { level: 0, index: SIZE }))
    expectInvariantError(() => readNode(sha256, rows.read, { level: 6, index: SIZE / 64 }))
  })
})

describe('appending', () => {
  const leaves = leafHashes(1100)
  const naive = new NaiveTree(leaves)

  test('gives the same rows and root however it is divided', () => {
    const whole = store(leaves, [leaves.length])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 5 }), (batches) => {
        const divided = store(leaves, batches)
        expect(divided.frontier.root()).toEqual(naive.hash(0, leaves.length))
        expect(new Map([...divided.rows.rows].sort())).toEqual(new Map([...whole.rows.rows].sort()))
      }),
      { numRuns: 30 },
    )
  })

  test('returns the tiles that are new or wider, and only those', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(400), (size, growth) => {
        const { rows, frontier } = size === 0 ? store([], []) : store(leaves.slice(0, size), [size])
        const appended = appendLeaves(rows.only(edgeTiles(size)), frontier, leaves.slice(size, size + growth))
        const byPlace = (a: Tile, b: Tile) => a.level - b.level || a.number - b.number
        const tiles = appended.tiles.map(({ level, number, hashes }) => ({ level, number, width: hashes.length / 32 }))
        expect(tiles.sort(byPlace)).toEqual([...newTiles(size, size + growth)])
        expect(appended.frontier.size).toBe(size + growth)
      }),
    )
  })

  test('changes neither the frontier nor the rows that it was given', () => {
    const { rows, frontier } = store(leaves.slice(0, 300), [300])
    const before = new Map([...rows.rows].map(([place, row]) => [place, row.slice()]))
    appendLeaves(rows.read, frontier, leaves.slice(300))
    expect(frontier.size).toBe(300)
    expect(frontier.root()).toEqual(naive.hash(0, 300))
    expect(rows.rows).toEqual(before)
  })

  test('stops where an edge tile is not as wide as the size implies', () => {
    const { rows, frontier } = store(leaves.slice(0, 300), [300])
    const grown = store(leaves.slice(0, 301), [301]).rows
    const shorter = store(leaves.slice(0, 299), [299]).rows
    expect(appendLeaves(rows.read, frontier, leaves.slice(300, 301)).tiles.length).toBe(1)
    for (const other of [grown, shorter]) {
      expectInvariantError(() => appendLeaves(other.read, frontier, leaves.slice(300, 301)))
    }
  })
})

describe('bundles', () => {
  test('give back what was formatted', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 700 }), { minLength: 1, maxLength: 256 })
    fc.assert(
      fc.property(entries, (entries) => {
        expect(parseBundle(formatBundle(entries), entries.length)).toEqual(entries)
      }),
    )
  })

  test('hold entries from 0 to 65,535 bytes, and 1 to 256 of them', () => {
    const longest = new Uint8Array(65_535).fill(7)
    expect(parseBundle(formatBundle([longest, new Uint8Array(0)]), 2)).toEqual([longest, new Uint8Array(0)])
    expect(formatBundle(Array(256).fill(longest)).length).toBe(16_777_472)
    expectInvariantError(() => formatBundle([new Uint8Array(65_536)]))
    expectInvariantError(() => formatBundle([]))
    expectInvariantError(() => formatBundle(Array(257).fill(longest)))
  })

  test.each<[string, string, number]>([
    ['nothing', '', 1],
    ['an entry too few', '000161', 2],
    ['an entry too many', '000161000162', 1],
    ['half a length', '00016100', 2],
    ['an entry cut short', '000261', 1],
    ['a byte too many', '00016100', 1],
  ])('with %s are refused', (_, bytes, width) => {
    expect(parseBundle(hex(bytes), width)).toBeInstanceOf(Malformed)
  })

  test('are read without copying', () => {
    const bytes = formatBundle([utf8('alpha')])
    expect(wellFormed(parseBundle(bytes, 1))[0]!.buffer).toBe(bytes.buffer)
  })
})
