/** The transaction types of each version of the rules, one line a type. */

import type { Definition } from '../define.ts'
import type { Rules } from '../envelope.ts'
import { accountFreeze } from './account-freeze.ts'
import { accountOpen } from './account-open.ts'
import { accountProfile } from './account-profile.ts'
import { accountUnfreeze } from './account-unfreeze.ts'
import { creditChargeback } from './credit-chargeback.ts'
import { creditGrant } from './credit-grant.ts'
import { creditRefund } from './credit-refund.ts'
import { creditReturn } from './credit-return.ts'
import { creditTopup } from './credit-topup.ts'
import { datasetLicense } from './dataset-license.ts'
import { datasetPurchase } from './dataset-purchase.ts'
import { debtForgive } from './debt-forgive.ts'
import { earningsMove } from './earnings-move.ts'
import { featurePurchase } from './feature-purchase.ts'
import { holdCapture } from './hold-capture.ts'
import { holdOpen } from './hold-open.ts'
import { holdRelease } from './hold-release.ts'
import { keyAdd } from './key-add.ts'
import { keyRevoke } from './key-revoke.ts'
import { ledgerGenesis } from './ledger-genesis.ts'
import { listingPublish } from './listing-publish.ts'
import { listingUpdate } from './listing-update.ts'
import { listingWithdraw } from './listing-withdraw.ts'
import { modelCreate } from './model-create.ts'
import { modelDeploy } from './model-deploy.ts'
import { modelUndeploy } from './model-undeploy.ts'
import { payoutCancel } from './payout-cancel.ts'
import { payoutFail } from './payout-fail.ts'
import { payoutRequest } from './payout-request.ts'
import { payoutSettle } from './payout-settle.ts'
import { periodClose } from './period-close.ts'
import { planCancel } from './plan-cancel.ts'
import { planChange } from './plan-change.ts'
import { planOffer } from './plan-offer.ts'
import { planRenew } from './plan-renew.ts'
import { planSubscribe } from './plan-subscribe.ts'
import { policyUpdate } from './policy-update.ts'
import { queryCharge } from './query-charge.ts'
import { revenueWithdraw } from './revenue-withdraw.ts'
import { sequencerRotate } from './sequencer-rotate.ts'
import { subscriptionCancel } from './subscription-cancel.ts'
import { subscriptionRenew } from './subscription-renew.ts'
import { subscriptionStart } from './subscription-start.ts'
import { usageBatch } from './usage-batch.ts'
import { usageMandate } from './usage-mandate.ts'
import { usageRevoke } from './usage-revoke.ts'

const version1: readonly Definition[] = [
  ledgerGenesis,
  accountOpen,
  accountProfile,
  accountFreeze,
  accountUnfreeze,
  keyAdd,
  keyRevoke,
  sequencerRotate,
  policyUpdate,
  creditTopup,
  creditGrant,
  creditReturn,
  creditRefund,
  creditChargeback,
  debtForgive,
  earningsMove,
  payoutRequest,
  payoutCancel,
  payoutSettle,
  payoutFail,
  revenueWithdraw,
  planOffer,
  planSubscribe,
  planChange,
  planCancel,
  planRenew,
  modelCreate,
  modelDeploy,
  modelUndeploy,
  listingPublish,
  listingUpdate,
  listingWithdraw,
  subscriptionStart,
  subscriptionCancel,
  subscriptionRenew,
  datasetPurchase,
  datasetLicense,
  featurePurchase,
  holdOpen,
  holdCapture,
  holdRelease,
  queryCharge,
  usageMandate,
  usageRevoke,
  usageBatch,
  periodClose,
]

export const rules: Rules = new Map([[1, new Map(version1.map((definition) => [definition.type, definition]))]])
