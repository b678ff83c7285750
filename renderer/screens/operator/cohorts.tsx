/** Accounts by the month of their first payment, and the share of them that paid in each month after it. */
import { Box, Text } from '@mantine/core'
import type { CohortView } from '../../../core/api/views.ts'
import { Panel } from '../../components/layout.tsx'
import { formatCount, formatUtcPeriod } from '../../format.ts'
import { formatShare } from '../../rates.ts'
import { strings } from '../../strings.ts'

const { revenue: t } = strings

export function Cohorts({ cohorts }: { readonly cohorts: readonly CohortView[] }) {
  const shown = cohorts.filter(({ paid }) => (paid[0] ?? 0) > 0)
  const months = Math.max(0, ...shown.map(({ paid }) => paid.length - 1))
  const running = cohorts.at(-1)?.month
  if (shown.length === 0 || running === undefined) {
    return (
      <Panel title={t.cohorts}>
        <Text size="sm" c="dimmed">
          {t.noCohorts}
        </Text>
      </Panel>
    )
  }
  const later = Array.from({ length: months }, (_, at) => at + 1)
  return (
    <Panel title={t.cohorts} flush>
      <Text size="sm" c="dimmed" className="panel-lead">
        {t.cohortsLead}
      </Text>
      <Box component="section" className="table-scroll" aria-label={t.cohorts} tabIndex={0}>
        <table className="table cohorts">
          <thead>
            <tr>
              <th scope="col" rowSpan={2}>
                {t.cohort}
              </th>
              <th scope="col" rowSpan={2} data-align="end">
                {t.accounts}
              </th>
              {months > 0 && (
                <th scope="colgroup" colSpan={months} className="later">
                  {t.monthsLater}
                </th>
              )}
            </tr>
            <tr>
              {later.map((month) => (
                <th key={month} scope="col" data-align="end">
                  {month}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((cohort) => (
              <CohortRow key={cohort.month} cohort={cohort} later={later} />
            ))}
          </tbody>
        </table>
      </Box>
      <Text size="xs" c="dimmed" className="panel-foot">
        {t.runs(formatUtcPeriod(running))}
      </Text>
    </Panel>
  )
}

/** How strongly a cell is tinted, at most, so that its text is read on it. */
const MOST_TINT = 34

function CohortRow({ cohort: { month, paid }, later }: { readonly cohort: CohortView; readonly later: readonly number[] }) {
  const first = paid[0]!
  return (
    <tr>
      <th scope="row">{formatUtcPeriod(month)}</th>
      <td data-align="end">{formatCount(first)}</td>
      {later.map((at) => {
        const count = paid[at]
        if (count === undefined) return <td key={at} />
        const tint = `${Math.round((count * MOST_TINT) / first)}%`
        return (
          <td
            key={at}
            data-align="end"
            className="cohort"
            style={{ background: `color-mix(in srgb, var(--accent) ${tint}, transparent)` }}
            title={t.cohortCell(count, first)}
          >
            {formatShare(BigInt(count), BigInt(first)).replace(/\.\d /, '')}
          </td>
        )
      })}
    </tr>
  )
}
