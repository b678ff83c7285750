/** The hub's figures before anything has happened, and what the operator's alerts make of them. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readFigures } from '../../core/net/figures.ts'
import { HubMetrics } from '../../core/net/hub-metrics.ts'
import { addWitnessMetrics } from '../../core/net/witness-metrics.ts'

const ALERTS = join(import.meta.dirname, '../../docs/hub/alerts.yml')

function figures(): HubMetrics {
  const metrics = new HubMetrics({ size: () => 1, isUp: () => true, lastEntryTime: () => 0, freeBytes: () => 0 })
  metrics.collectProcess()
  const counts = { cosigned: 0, offline: 0, refused: 0 }
  const witnesses = [{ name: 'witness.example/w', size: 0, counts, isFailing: false }]
  addWitnessMetrics(metrics.registry, { published: undefined, cosigned: undefined, witnesses })
  return metrics
}

/** The counters in a text of Prometheus, each series with its value. */
function counters(text: string): Map<string, number> {
  return new Map([...text.matchAll(/^(nimledger_\w+_total(?:\{.*\})?) (\S+)$/gm)].map(([, one, value]) => [one!, Number(value)]))
}

describe('a counter', () => {
  it('is there with 0 from the start, so that its first event is an increase', async () => {
    const metrics = figures()
    const before = counters(await metrics.registry.metrics())
    expect([...before].filter(([, value]) => value !== 0)).toEqual([])
    metrics.noteTaken()
    metrics.noteAnswered('failed', 'disk_full', 0.1)
    metrics.noteAnswered('refused', 'bad_signature', 0.1)
    metrics.noteAnswered('accepted', '', 0.1)
    metrics.scheduled('refused', 1)
    metrics.scheduleRan(false, 0)
    metrics.turnedAway('rate')
    metrics.reloaded(false)
    metrics.answered({ route: 'transaction.submit', method: 'POST', status: 503, seconds: 0.1, isEvents: false })
    const after = counters(await metrics.registry.metrics())
    expect([...after.keys()]).toEqual([...before.keys()])
    expect([...after].filter(([, value]) => value === 1)).toHaveLength(8)
  })
})

describe('the figures', () => {
  it('are those of the series', async () => {
    const metrics = figures()
    metrics.noteTaken()
    for (const seconds of [0.1, 0.9, 1.1, 7]) {
      metrics.noteTaken()
      metrics.noteAnswered('accepted', '', seconds)
    }
    metrics.noteTaken()
    metrics.noteAnswered('refused', 'bad_signature', 0.1)
    metrics.turnedAway('rate')
    metrics.reloaded(false)
    metrics.scheduled('renewed', 3)
    metrics.answered({ route: 'tile', method: 'GET', status: 200, seconds: 0.1, isEvents: false })
    metrics.answered({ route: 'tile', method: 'GET', status: 503, seconds: 0.1, isEvents: false })
    expect(await readFigures(metrics.registry)).toMatchObject({
      ...{
        entries: 1,
        cosigned: 0,
        isUp: true,
        freeBytes: 0,
        waiting: 1,
        accepted: 4,
        refused: { bad_signature: 1 },
        failed: {},
      },
      ...{ answered: 5, slow: 2, requests: 2, failedRequests: 1, turnedAway: { rate: 1 }, failedReloads: 1, renewed: 3 },
    })
  })
})

describe('the alerts', () => {
  const expressions = [...readFileSync(ALERTS, 'utf8').matchAll(/^ +expr: (.*)$/gm)].map(([, expression]) => expression!)

  it('name figures that the hub has', async () => {
    const text = await figures().registry.metrics()
    const named = expressions.flatMap((expression) => expression.match(/\b(?:nimledger|process)_\w+/g) ?? [])
    expect(named.length).toBeGreaterThan(10)
    for (const name of named) expect(text, name).toMatch(new RegExp(`^${name}[{ ]`, 'm'))
  })

  it('select series that are there before anything happened', async () => {
    const series = [...counters(await figures().registry.metrics()).keys()]
    const selecting = expressions.flatMap((one) => [...one.matchAll(/(nimledger_\w+)\{(\w+)(=~?)"([^"]+)"\}/g)])
    expect(selecting.length).toBeGreaterThan(4)
    for (const [, name, label, how, wanted] of selecting) {
      const pattern = how === '=~' ? wanted : wanted!.replace(/\./g, '\\.')
      const isSelected = (one: string) => new RegExp(`^${name}\\{.*\\b${label}="(?:${pattern})"`).test(one)
      expect(series.filter(isSelected), `${name}{${label}${how}"${wanted}"}`).not.toEqual([])
    }
  })
})
