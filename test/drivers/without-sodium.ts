/** Loaded before a program: there sodium-native cannot be loaded, as on a platform that it has no binary for. */

import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === 'sodium-native') throw new Error('There is no binary for this platform.')
    return next(specifier, context)
  },
})
