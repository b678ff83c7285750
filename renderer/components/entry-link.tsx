/** The number of an entry, which leads to it in the log. */
import { formatCount } from '../format.ts'
import { href } from '../route.ts'
import { strings } from '../strings.ts'

export function EntryLink({ index }: { readonly index: number }) {
  return (
    <a className="entry-link" href={href('log', index)} aria-label={strings.log.entry(index)}>
      {formatCount(index)}
    </a>
  )
}
