// Asks how the checkout stands and shows the page anew as soon as that changes. Without this script the page
// refreshes itself.
"use strict";

const steps = document.querySelector("[data-checkout]");
const started = Date.now();

async function look() {
  try {
    const answer = await fetch(`/api/v1/checkouts/${encodeURIComponent(steps.dataset.checkout)}`, {
      headers: { accept: "application/json" },
      cache: "no-store",
    });
    if (answer.status === 401) return location.reload();
    if (answer.ok) {
      const checkout = await answer.json();
      if (`${checkout.status}:${checkout.credits_granted}` !== steps.dataset.state) return location.reload();
    }
  } catch {
    // Offline or restarting: the next look will tell.
  }
  // Often at first, when the webhook is on its way; rarely later.
  setTimeout(look, Date.now() - started < 30000 ? 1000 : 5000);
}

if (steps && steps.dataset.checkout) setTimeout(look, 1000);
