/**
 * The platform's business. Like the treasury it is the operator's page; whoever may read here has the whole log, and could
 * reckon the same.
 */

import { z } from 'zod'
import { toBase64, utf8 } from '../../base/bytes.ts'
import { UNITS } from '../../ledger/business/calendar.ts'
import * as input from '../inputs.ts'
import { may, router } from '../procedure.ts'
import { creatorRows, readCreatorIncome, readRevenue } from '../revenue.ts'
import type { CreatorIncomePage, FileView, RevenueView } from '../views.ts'

/** Creators that are told at most, page by page or as a spreadsheet. */
const MAX_CREATORS = 10_000

const unit = z.enum(UNITS)
const periodForm = z.strictObject({ unit, from: input.startOfDay })
const creatorsForm = periodForm.extend({ limit: input.limit, offset: z.int().min(0).max(MAX_CREATORS).default(0) })

export const revenue = router({
  show: may('read')
    .input(z.strictObject({ unit }))
    .query(({ ctx, input }): Promise<RevenueView> => ctx.host.reading((sight) => readRevenue(ctx.host.tools, sight, input.unit))),
  creators: may('read')
    .input(creatorsForm)
    .query(
      ({ ctx, input }): Promise<CreatorIncomePage> =>
        ctx.host.reading((sight) => readCreatorIncome(ctx.host.tools, sight, input)),
    ),
  creatorsFile: may('read')
    .input(periodForm)
    .query(async ({ ctx, input }): Promise<FileView> => {
      const asked = { ...input, offset: 0, limit: MAX_CREATORS }
      const rows = await ctx.host.reading((sight) => creatorRows(ctx.host.tools, sight, asked))
      return { bytes: toBase64(utf8(ctx.host.files.spreadsheet(rows))) }
    }),
})
