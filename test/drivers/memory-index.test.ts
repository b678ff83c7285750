import { MemoryIndex } from '../../core/drivers/memory/search-index.ts'
import { describeIndex } from './index-contract.ts'

describeIndex(async () => {
  const index = new MemoryIndex()
  return { openWriter: async () => index, openReader: async () => index }
})
