#pragma once

#include "carillon/metrics.hpp"

namespace carillon::reminder {

/// Counted after the commit, so that what is rolled back or tried again counts once.
struct Meters {
    explicit Meters(Metrics& metrics)
        : pending(metrics.gauge("carillon_reminders_pending", "Reminders that have still to ring.")),
          fired(metrics.counter("carillon_reminders_fired_total", "Reminders that rang.")),
          late(metrics.counter("carillon_reminders_late_total",
                               "Reminders that rang more than a minute late, or were past when they came.")),
          swept(metrics.counter("carillon_reminders_swept_total",
                                "Reminders that no job woke: found at start or by a sweep.")),
          stale(metrics.counter("carillon_reminders_stale_total",
                                "Reminders that came due after their task had changed, and did not ring.")) {}

    prometheus::Gauge& pending;
    prometheus::Counter& fired;
    prometheus::Counter& late;
    prometheus::Counter& swept;
    prometheus::Counter& stale;
};

}  // namespace carillon::reminder
