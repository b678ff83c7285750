/** The model slots of a plan, taken and free. */
import { strings } from '../strings.ts'

const MAX_DRAWN = 12

export function SlotMeter({ used, limit }: { readonly used: number; readonly limit: number }) {
  const drawn = Math.min(Math.max(used, limit), MAX_DRAWN)
  const slots = Array.from({ length: drawn }, (_, number) => ({
    number,
    state: number >= limit ? 'over' : number < used ? 'taken' : 'free',
  }))
  return (
    <span className="slots" role="img" aria-label={`${strings.overview.slots}: ${strings.overview.slotsOf(used, limit)}`}>
      {slots.map(({ number, state }) => (
        <span key={number} data-state={state} />
      ))}
    </span>
  )
}
