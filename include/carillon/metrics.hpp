// Prometheus metrics: one registry for the process, made in main and handed down. Names start with `carillon_`.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <utility>

namespace carillon {

class Metrics {
public:
    prometheus::Counter& counter(const std::string& name, const std::string& help,
                                 const prometheus::Labels& labels = {}) {
        return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
    }
    prometheus::Gauge& gauge(const std::string& name, const std::string& help, const prometheus::Labels& labels = {}) {
        return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
    }
    /// Buckets are for seconds, 100 µs to 10 s, unless given.
    prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                     const prometheus::Labels& labels = {},
                                     prometheus::Histogram::BucketBoundaries buckets = {
                                         1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1,
                                         2.5, 5, 10}) {
        return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, std::move(buckets));
    }
    /// Prometheus text exposition format 0.0.4.
    std::string text() const;

private:
    prometheus::Registry registry_;
};

}  // namespace carillon
