// What a site counts. It comes from this server, so the policy needs no addition.
document.documentElement.dataset.counted = String(performance.now() > 0);
