/** A bell from the side in one line, struck once on the left; the dot says that reminders wait. */
export function Mark({ size = 24, waiting = false }: { size?: number; waiting?: boolean }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d="M13 4.500c-3.400 0-5.100 2.500-5.300 5.900-.2 3.500-.8 5-2.200 6.600h15c-1.400-1.600-2-3.100-2.200-6.600-.2-3.400-1.900-5.900-5.300-5.900z" />
      <path d="M11 19.500c.4 1 1.100 1.500 2 1.500s1.600-.5 2-1.500" />
      <path d="M4.600 8.500c.2-1.500.8-2.800 1.800-3.900M2 8c.3-2.300 1.200-4.200 2.700-5.800" />
      {waiting && <circle cx="20" cy="5" r="3" fill="var(--danger)" stroke="none" />}
    </svg>
  );
}
