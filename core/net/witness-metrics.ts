/** A hub's witnesses, in the text form of Prometheus. What each figure means to an operator: docs/operations.md. */

import { Counter, Gauge, type Registry } from 'prom-client'
import { readCheckpoint } from '../log/checkpoint.ts'
import type { Cosigning } from '../sync/cosigning.ts'

export function addWitnessMetrics(registry: Registry, cosigning: Pick<Cosigning, 'published' | 'cosigned' | 'witnesses'>): void {
  const registers = [registry]
  const gauge = (name: string, help: string, value: () => number) => {
    const made: Gauge = new Gauge({ name, help, registers, collect: () => made.set(value()) })
  }
  gauge('nimledger_published_entries', 'Entries that the published checkpoint covers.', () => sizeOf(cosigning.published))
  gauge('nimledger_cosigned_entries', 'Entries that the last checkpoint with a quorum of cosignatures covers.', () =>
    sizeOf(cosigning.cosigned),
  )
  const ofEach = (name: string, help: string, value: (one: Cosigning['witnesses'][number]) => number) => {
    const collect = () => {
      for (const one of cosigning.witnesses) made.set({ witness: one.name }, value(one))
    }
    const made: Gauge<'witness'> = new Gauge({ name, help, labelNames: ['witness'], registers, collect })
  }
  ofEach('nimledger_witness_up', '1 where the witness cosigned when it was asked last, else 0.', ({ isFailing }) =>
    isFailing ? 0 : 1,
  )
  ofEach('nimledger_witness_entries', 'Entries that the witness cosigned last, as far as is known here.', ({ size }) => size)
  const requests: Counter<'witness' | 'outcome'> = new Counter({
    name: 'nimledger_witness_requests_total',
    help: 'Requests to witnesses by what became of them.',
    registers,
    labelNames: ['witness', 'outcome'],
    collect: () => {
      requests.reset()
      for (const { name: witness, counts } of cosigning.witnesses)
        for (const [outcome, count] of Object.entries(counts)) requests.inc({ witness, outcome }, count)
    },
  })
}

function sizeOf(checkpoint: Uint8Array | undefined): number {
  const head = checkpoint && readCheckpoint(checkpoint)
  return head !== undefined && 'size' in head ? head.size : 0
}
