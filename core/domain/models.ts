/** The checks of models, shared by the types that deploy and list them. */

import { type Check, type Context, check } from './define.ts'
import { deployments, models } from './state.ts'
import type { RowKey } from './table.ts'

/** The model that a body names; listings of other kinds than models may name none. */
function modelIn(body: object): string | undefined {
  return (body as { readonly model?: string }).model
}

export function modelRows(context: Context<object>): readonly RowKey[] {
  const model = modelIn(context.body)
  return model === undefined ? [] : [models.at(model), deployments.at(context.signer)]
}

export function unknownModel<Body extends object>(): Check<Body> {
  return check('unknown_model', (context) => {
    const model = modelIn(context.body)
    return model !== undefined && context.get(models.at(model)) === undefined ? { model } : undefined
  })
}

export function modelOwned<Body extends object>(): Check<Body> {
  return check('not_owner', (context) => {
    const model = modelIn(context.body)
    return model !== undefined && context.need(models.at(model)).account !== context.signer
      ? { thing: `The model ${model}` }
      : undefined
  })
}

export function notDeployed<Body extends object>(): Check<Body> {
  return check('not_deployed', (context) => {
    const model = modelIn(context.body)
    if (model === undefined || context.get(deployments.at(context.signer))?.models.includes(model)) return undefined
    return { model }
  })
}
