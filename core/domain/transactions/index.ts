/** The transaction types of each version of the rules, one line a type. */

import type { Definition } from '../define.ts'
import type { Rules } from '../envelope.ts'
import { accountOpen } from './account-open.ts'
import { creditTopup } from './credit-topup.ts'
import { datasetLicense } from './dataset-license.ts'
import { datasetPurchase } from './dataset-purchase.ts'
import { featurePurchase } from './feature-purchase.ts'
import { ledgerGenesis } from './ledger-genesis.ts'
import { listingPublish } from './listing-publish.ts'
import { modelCreate } from './model-create.ts'
import { modelDeploy } from './model-deploy.ts'
import { modelUndeploy } from './model-undeploy.ts'
import { periodClose } from './period-close.ts'
import { planSubscribe } from './plan-subscribe.ts'
import { subscriptionStart } from './subscription-start.ts'
import { usageBatch } from './usage-batch.ts'
import { usageMandate } from './usage-mandate.ts'

const version1: readonly Definition[] = [
  ledgerGenesis,
  accountOpen,
  creditTopup,
  planSubscribe,
  modelCreate,
  modelDeploy,
  modelUndeploy,
  listingPublish,
  subscriptionStart,
  datasetPurchase,
  datasetLicense,
  featurePurchase,
  usageMandate,
  usageBatch,
  periodClose,
]

export const rules: Rules = new Map([[1, new Map(version1.map((definition) => [definition.type, definition]))]])
