// Before the first paint, so that a chosen theme never flashes.
try {
  const theme = localStorage.getItem('carillon.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be off; the system's theme it is.
}
// Browsers give neither locks nor random ids to a page that came by plain HTTP from another host: nothing would be drawn.
if (!isSecureContext)
  addEventListener('DOMContentLoaded', () => {
    document.body.textContent = 'The page of Carillon needs HTTPS, or an address of this machine (http://localhost). The API at this address works.';
  });
