/** Tells the console now and then that somebody is at the page, so that it does not lock itself meanwhile. */
import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { useTRPC } from '../trpc.ts'

const TOUCH_MS = 60_000
const SIGNS = ['keydown', 'pointerdown', 'wheel'] as const

export function usePresence(isWatched: boolean): void {
  const trpc = useTRPC()
  const { mutate } = useMutation(trpc.desk.touch.mutationOptions())
  const last = useRef(0)
  useEffect(() => {
    if (!isWatched) return
    const touch = () => {
      const now = performance.now()
      if (now - last.current < TOUCH_MS && last.current !== 0) return
      last.current = now
      mutate()
    }
    for (const sign of SIGNS) window.addEventListener(sign, touch, { passive: true })
    return () => {
      for (const sign of SIGNS) window.removeEventListener(sign, touch)
    }
  }, [isWatched, mutate])
}
