/** The model slots of a plan, taken and free. */
import { strings } from '../strings.ts'

const MAX_DRAWN = 12

export function SlotMeter({ used, limit }: { readonly used: number; readonly limit: number }) {
  const drawn = Math.min(Math.max(used, limit), MAX_DRAWN)
  return (
    <span className="slots" role="img" aria-label={`${strings.overview.slots}: ${strings.overview.slotsOf(used, limit)}`}>
      {Array.from({ length: drawn }, (_, at) => (
        <span key={at} data-state={at >= limit ? 'over' : at < used ? 'taken' : 'free'} />
      ))}
    </span>
  )
}
