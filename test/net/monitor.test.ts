/** What a monitor makes of figures over time: how quickly the log grows, and which of the operator's alerts fire. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Alerts, CONDITIONS, SAMPLE_MS, type Sample } from '../../core/bin/monitor/alerts.ts'
import { Pace } from '../../core/bin/monitor/pace.ts'

const START = Date.UTC(2026, 0, 2)
const SECOND = 1_000
const MINUTE = 60 * SECOND

describe('the pace', () => {
  it('is told by seconds and minutes, without the second under way', () => {
    const pace = new Pace()
    pace.count(5, START)
    pace.count(2, START + 999)
    expect(pace.read(START + 999).seconds.at(-1)).toBe(0)
    pace.count(3, START + 2 * SECOND)
    const { seconds, minutes } = pace.read(START + 3 * SECOND)
    expect(seconds.slice(-3)).toEqual([7, 0, 3])
    expect([seconds.length, minutes.length, minutes.at(-1)]).toEqual([60, 60, 10])
    const later = pace.read(START + 90 * SECOND)
    expect([Math.max(...later.seconds), later.minutes.at(-2), later.minutes.at(-1)]).toEqual([0, 10, 0])
  })

  it('forgets after an hour, however long nothing came, and survives a clock that is set back', () => {
    const pace = new Pace()
    pace.count(4, START)
    pace.count(1, START - 10 * SECOND)
    const sum = (now: number) => pace.read(now).minutes.reduce((a, b) => a + b)
    expect(sum(START + SECOND)).toBe(5)
    expect(sum(START + 60 * MINUTE)).toBe(5)
    expect(sum(START + 60 * MINUTE + SECOND)).toBe(0)
    expect(sum(START + 5_000 * MINUTE)).toBe(0)
  })
})

const WELL: Omit<Sample, 'time'> = {
  ...{ entries: 10, cosigned: 10, isUp: true, freeBytes: 50e9, waiting: 0, accepted: 0, repeated: 0 },
  ...{ refused: {}, failed: {}, answered: 0, slow: 0, connections: 0, streams: 0, requests: 0, failedRequests: 0 },
  ...{ turnedAway: {}, failedReloads: 0, witnessRefusals: 0, openFiles: 10, mostFiles: 1_000 },
  ...{ scheduled: START / SECOND, renewed: 0, closed: 0, scheduleRefusals: 0, scheduleFailures: 0 },
}

type Course = (minute: number) => Partial<Sample>

/** A course of figures under which an alert fires, and one under which it does not, though something happens. */
const COURSES: Readonly<Record<string, readonly [fires: Course, quiet: Course]>> = {
  NimledgerTakesNothing: [() => ({ isUp: false }), (minute) => ({ isUp: minute < 89.5 })],
  NimledgerDiskLow: [() => ({ freeBytes: 1.9e9 }), () => ({ freeBytes: 2.1e9 })],
  NimledgerDiskFillsUp: [(minute) => ({ freeBytes: 40e9 - minute * 5e6 }), (minute) => ({ freeBytes: 40e9 - minute * 3e6 })],
  NimledgerNotesFail: [
    (minute) => ({ failed: { busy: Math.floor(minute) } }),
    (minute) => ({ failed: { busy: minute < 70 ? 0 : 9, disk_full: 3 } }),
  ],
  NimledgerSlow: [
    (minute) => ({ answered: minute * 100, slow: minute * 2 }),
    (minute) => ({ answered: minute * 100, slow: minute }),
  ],
  NimledgerQueueGrows: [() => ({ waiting: 1_001 }), (minute) => ({ waiting: minute % 4 < 1 ? 1_000 : 9_000 })],
  NimledgerScheduleLate: [() => ({ scheduled: START / SECOND - 3 * 3_600 }), () => ({ scheduled: 0 })],
  NimledgerErrors: [
    (minute) => ({ requests: minute * 1_000, failedRequests: minute * 11 }),
    (minute) => ({ requests: minute * 1_000, failedRequests: minute * 10 }),
  ],
  NimledgerTurnsAway: [
    (minute) => ({ turnedAway: { rate: minute * 40, connection: minute * 40 } }),
    (minute) => ({ turnedAway: { rate: minute * 30, connection: minute * 30, host: minute * 1_000 } }),
  ],
  NimledgerReloadFailed: [(minute) => ({ failedReloads: minute < 80 ? 0 : 1 }), () => ({ failedReloads: 7 })],
  NimledgerFilesLow: [() => ({ openFiles: 801 }), () => ({ openFiles: 800 })],
  NimledgerUnwitnessed: [
    (minute) => ({ entries: 10 + minute, cosigned: 10 }),
    (minute) => ({ entries: 100 + minute, cosigned: Math.floor(minute / 9) }),
  ],
  NimledgerWitnessRefuses: [(minute) => ({ witnessRefusals: minute < 85 ? 0 : 1 }), () => ({ witnessRefusals: 3 })],
}

/** What fires after an hour and a half of a course. */
function firing(course: Course): ReturnType<() => Alerts['firing']> {
  const alerts = new Alerts()
  for (let time = START; time <= START + 90 * MINUTE; time += SAMPLE_MS)
    alerts.take({ ...WELL, ...course((time - START) / MINUTE), time })
  return alerts.firing
}

describe('the alerts', () => {
  it('are those of Prometheus, but for the one that a program cannot tell of itself', () => {
    const rules = readFileSync(join(import.meta.dirname, '../../docs/hub/alerts.yml'), 'utf8')
      .split('- alert: ')
      .slice(1)
    const told = rules.map((rule) => {
      const [, minutes, hours] = /for: (?:(\d+)m|(\d+)h)/.exec(rule) ?? []
      const forMs = Number(minutes ?? 0) * MINUTE + Number(hours ?? 0) * 60 * MINUTE
      return [rule.split('\n', 1)[0]!, [/severity: (\w+)/.exec(rule)![1], forMs]]
    })
    const own = Object.entries(CONDITIONS).map(([name, { severity, forMs }]) => [name, [severity, forMs]])
    const { NimledgerHubGone: _gone, ...others } = Object.fromEntries(told)
    expect(Object.fromEntries(own)).toEqual(others)
    expect(Object.keys(COURSES)).toEqual(Object.keys(CONDITIONS))
  })

  it.each(Object.entries(COURSES))('%s fires when it must, and only then', (name, [fires, quiet]) => {
    expect(firing(fires).map((alert) => alert.name)).toEqual([name])
    expect(firing(quiet)).toEqual([])
  })

  it('tell since when they hold, end with their reason, and say nothing where all is well', () => {
    expect(firing(() => ({}))).toEqual([])
    expect(firing((minute) => ({ freeBytes: minute < 30 ? 50e9 : 1e9 }))).toMatchObject([
      { name: 'NimledgerDiskLow', severity: 'page', since: '2026-01-02T00:30:00.000Z', value: 1e9 },
      { name: 'NimledgerDiskFillsUp' },
    ])
    const over = firing((minute) => ({ isUp: minute > 60 }))
    expect(over).toEqual([])
  })
})
