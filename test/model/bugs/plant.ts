/**
 * Ways to plant a bug into rules without touching them: definitions are cloned, and what their checks and effects see or write is
 * bent.
 */

import type { Check, Context, Definition, Effects, LineOutcome } from '../../../core/domain/define.ts'
import type { Rules } from '../../../core/domain/envelope.ts'
import type { Code } from '../../../core/domain/refusal.ts'
import type { Execution } from '../../../core/domain/run.ts'
import type { RowKey } from '../../../core/domain/table.ts'
import { rules } from '../../../core/domain/transactions/index.ts'
import type { Bug } from '../ledger.ts'

export type Row = Record<string, unknown>
type Bend = (definition: Definition) => Definition

/** Rules in which the definitions of some types, or of all, are others. */
function bent(bend: Bend, types?: readonly string[]): Rules {
  const bendAll = (definitions: ReadonlyMap<string, Definition>) =>
    new Map([...definitions].map(([type, one]) => [type, types === undefined || types.includes(type) ? bend(one) : one]))
  return new Map([...rules].map(([version, definitions]) => [version, bendAll(definitions)]))
}

export function withoutCheck(type: string, code: Code): Bug {
  return {
    rules: bent((definition) => ({ ...definition, checks: definition.checks.filter((one) => one.code !== code) }), [type]),
  }
}

export function withSwappedChecks(type: string, one: Code, other: Code): Bug {
  const swapped = (checks: readonly Check<never>[]) => {
    const [first, second] = [one, other].map((code) => checks.find((check) => check.code === code)!)
    return checks.map((check) => (check === first ? second! : check === second ? first! : check))
  }
  return { rules: bent((definition) => ({ ...definition, checks: swapped(definition.checks) }), [type]) }
}

/** The same object with some of its methods replaced; everything else, also what it assigns to itself, is its own. */
function overriding<T extends object>(target: T, methods: object): T {
  return new Proxy(target, {
    get: (object, name) => {
      if (name in methods) return methods[name as keyof typeof methods]
      const value = Reflect.get(object, name, object)
      return typeof value === 'function' ? value.bind(object) : value
    },
  })
}

/** Replaces methods of the effects that a type, or every type, applies. The effects given are the true ones. */
export function inApply(methods: (effects: Effects<never>) => object, type?: string): Bug {
  const bend: Bend = (definition) => ({
    ...definition,
    apply: (effects) => definition.apply(overriding(effects, methods(effects))),
  })
  return { rules: bent(bend, type === undefined ? undefined : [type]) }
}

/** Something more happens once a type has had its effects, to rows that it would not read. */
export function afterApply(type: string, more: (effects: Effects<never>) => void, rows: readonly RowKey[] = []): Bug {
  const bend: Bend = (definition) => ({
    ...definition,
    reads: [(context) => [...(definition.reads[0]?.(context) ?? []), ...rows], ...definition.reads.slice(1)],
    apply: (effects) => {
      definition.apply(effects)
      more(effects)
    },
  })
  return { rules: bent(bend, [type]) }
}

type See = (key: RowKey, row: Row, context: Context<never>) => Row

function seeing<T extends Context<never>>(context: T, see: See): T {
  const get = (key: RowKey) => {
    const row = context.get(key) as Row | undefined
    return row && see(key, row, context)
  }
  return overriding(context, { get, need: get })
}

/** What the effects of a type read is bent, what its checks read is not. */
export function inContext(type: string, see: See): Bug {
  return { rules: bent((definition) => ({ ...definition, apply: (effects) => definition.apply(seeing(effects, see)) }), [type]) }
}

/** Checks and effects of the types see the rows of a table otherwise than they are. */
export function onRow(types: readonly string[], table: string, change: (row: Row, context: Context<never>) => Row): Bug {
  const see: See = (key, row, context) => (key.table.name === table ? change(row, context) : row)
  const bend: Bend = (definition) => ({
    ...definition,
    checks: definition.checks.map(({ code, test }) => ({ code, test: (context) => test(seeing(context, see)) })),
    apply: (effects) => definition.apply(seeing(effects, see)),
  })
  return { rules: bent(bend, types) }
}

interface Written {
  readonly time: number
  readonly before: Row | undefined
  readonly lines: readonly LineOutcome[]
}

/** A type writes other rows into a table than it should. */
export function onPut(type: string, table: string, change: (row: Row, written: Written) => Row): Bug {
  return inApply((effects) => {
    let lines: readonly LineOutcome[] = []
    const put = (key: RowKey, row: unknown) => {
      const before = effects.get(key) as Row | undefined
      effects.put(key, key.table.name === table ? change(row as Row, { time: effects.time, before, lines }) : row)
    }
    const recordLines = (recorded: readonly LineOutcome[]) => {
      lines = recorded
      effects.recordLines(recorded)
    }
    return { put, recordLines }
  }, type)
}

/** The machine's own checks, and those of all types, see the rows of a table otherwise than they are. */
export function onSight(table: string, change: (row: Row) => Row): Bug {
  return { see: (key, row) => (key.table.name === table ? change(row as Row) : row) }
}

/** What is accepted comes out otherwise. */
export function onExecution(change: (execution: Execution) => Execution): Bug {
  return { tamper: (result) => (result.status === 'executed' ? change(result) : result) }
}
