#include "../events/bus_contract.hpp"

#include "carillon/ids.hpp"
#include "carillon/kafka.hpp"

#include <librdkafka/rdkafka.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace {

/// Of the broker that test/support/kafka started; a test without it fails, it is never skipped.
std::string kafka_folder() {
    const char* folder = std::getenv("CARILLON_TEST_KAFKA_DIR");
    if (!folder) throw std::runtime_error("CARILLON_TEST_KAFKA_DIR is not set: see test/support/kafka");
    return folder;
}

std::string brokers() {
    std::ifstream in{kafka_folder() + "/kafka.address"};
    std::string address;
    if (!std::getline(in, address)) throw std::runtime_error("no Kafka for the tests in " + kafka_folder());
    return address;
}

/// Topics and group of one test's own.
kafka::Options own_topics() {
    kafka::Options options;
    options.brokers = brokers();
    options.topic_prefix = "test-" + uuid_v7(SystemClock().now()) + "-";
    return options;
}

BusFactory over_kafka(kafka::Options options) {
    return [options = std::move(options)](Inbox& inbox, asio::any_io_executor executor) {
        static std::vector<std::unique_ptr<Metrics>> kept;  // as long as the buses
        auto& metrics = *kept.emplace_back(std::make_unique<Metrics>());
        return kafka::make_bus(inbox, metrics, std::move(executor), options);
    };
}

/// What stands in the topics, as any client sees it.
struct Record {
    std::string topic, key, value, content_type;
    int partition = 0;
};

std::vector<Record> read_all(const std::string& topic, std::size_t expected) {
    std::array<char, 512> why{};
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), why.data(), why.size());
    rd_kafka_conf_set(conf, "group.id", "test-reader", why.data(), why.size());
    auto* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why.data(), why.size());
    auto* list = rd_kafka_topic_partition_list_new(3);
    for (int p = 0; p < 3; ++p)
        rd_kafka_topic_partition_list_add(list, topic.c_str(), p)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(client, list);
    rd_kafka_topic_partition_list_destroy(list);
    std::vector<Record> records;
    const auto end = std::chrono::steady_clock::now() + 20s;
    auto quiet = std::chrono::steady_clock::time_point::max();
    while (std::chrono::steady_clock::now() < std::min(end, quiet)) {
        auto* message = rd_kafka_consumer_poll(client, 50);
        if (records.size() >= expected && quiet == quiet.max()) quiet = std::chrono::steady_clock::now() + 300ms;
        if (!message) continue;
        if (!message->err) {
            Record record;
            record.topic = topic;
            record.key.assign(static_cast<const char*>(message->key), message->key_len);
            record.value.assign(static_cast<const char*>(message->payload), message->len);
            record.partition = message->partition;
            rd_kafka_headers_t* headers = nullptr;
            const void* value = nullptr;
            std::size_t size = 0;
            if (!rd_kafka_message_headers(message, &headers) &&
                !rd_kafka_header_get_last(headers, "content-type", &value, &size))
                record.content_type.assign(static_cast<const char*>(value), size);
            records.push_back(std::move(record));
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(client);
    rd_kafka_destroy(client);
    return records;
}

void put(const std::string& topic, int partition, const std::string& value) {
    std::array<char, 512> why{};
    auto* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", brokers().c_str(), why.data(), why.size());
    auto* client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why.data(), why.size());
    rd_kafka_producev(client, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_PARTITION(partition),
                      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    REQUIRE(rd_kafka_flush(client, 10'000) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(client);
}

void broker(const std::string& action) {
    const std::string command = std::string(CARILLON_TEST_KAFKA) + " " + action + " " + kafka_folder();
    REQUIRE(std::system(command.c_str()) == 0);
}

auto threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

/// Lets the broker go on, whatever happens.
struct Frozen {
    Frozen() { broker("freeze"); }
    ~Frozen() { (void)std::system((std::string(CARILLON_TEST_KAFKA) + " resume " + kafka_folder()).c_str()); }
};

}  // namespace

TEST_CASE("the Kafka bus keeps the contract", "[kafka]") {
    check_bus_contract(Backend::postgresql, over_kafka(own_topics()));
}

TEST_CASE("records are keyed CloudEvents, each once and in order", "[kafka]") {
    TestDatabase database(Backend::postgresql);
    const std::vector<std::string> users{add_user(*database), add_user(*database), add_user(*database)};
    const auto options = own_topics();
    Host host(*database, over_kafka(options));
    host.start();
    const auto events = add_events(*database, host.outbox(), users, 50);
    REQUIRE(wait_until([&] { return all_published(*database); }));
    const auto records = read_all(options.topic_prefix + "task-events", events.size());
    CHECK(records.size() == events.size());
    std::map<std::string, std::vector<std::int64_t>> sequences;
    std::map<std::string, std::set<int>> partitions;
    for (const auto& record : records) {
        CHECK(record.content_type == "application/cloudevents+json");
        const auto event = parse_cloudevent(record.value);
        REQUIRE(event.has_value());
        CHECK(record.key == event->user_id);
        CHECK(record.value == to_cloudevent(*event));
        sequences[event->user_id].push_back(event->sequence);
        partitions[event->user_id].insert(record.partition);
    }
    for (const auto& user : users) {
        CHECK(sequences[user] == up_to(50));
        CHECK(partitions[user].size() == 1);
    }
}

TEST_CASE("a record that is no event becomes a dead letter and blocks nothing", "[kafka]") {
    TestDatabase database(Backend::postgresql);
    Effects effects(*database);
    const auto user = add_user(*database);
    const auto options = own_topics();
    Host host(*database, over_kafka(options));
    host.bus().subscribe(Effects::recorder("one"));
    Ear ear;
    host.bus().listen(ear.listener());
    host.start();
    const std::string topic = options.topic_prefix + "task-events";
    const std::vector<std::string> garbage{"not JSON", R"({"specversion":"1.0","type":"other","source":"x","id":"1"})",
                                           std::string("\xff\x00\xfe", 3), ""};
    for (int p = 0; p < 3; ++p) {
        for (const auto& value : garbage) put(topic, p, value);
    }
    add_events(*database, host.outbox(), {user}, 10);
    REQUIRE(wait_until([&] { return Effects::count(*database) == 10 && ear.count() == 10; }));
    const auto letters = [&] {
        return *database->read_now([&](db::Session& session) -> Result<std::vector<DeadLetter>> {
            return host.inbox().dead_letters(session, 100, 0);
        });
    };
    REQUIRE(wait_until([&] { return letters().size() == 12; }));
    CHECK(letters()[0].event.id.starts_with(topic + "/"));
}

TEST_CASE("what the inbox could not take comes again", "[kafka]") {
    TestDatabase database(Backend::postgresql);
    Effects effects(*database);
    const auto user = add_user(*database);
    const auto factory = over_kafka(own_topics());
    const auto sql = [&](const std::string& text) {
        const auto done = database->write_now([&](db::Transaction& tx) -> Result<bool> {
            tx.exec(text);
            return true;
        });
        REQUIRE(done.has_value());
    };
    {
        Host host(*database, factory);
        Ear ear;
        host.bus().subscribe(Effects::recorder("one"));
        host.bus().listen(ear.listener());
        host.start();
        add_events(*database, host.outbox(), {user}, 5);
        REQUIRE(wait_until([&] { return Effects::count(*database) == 5; }));
        sql("ALTER TABLE inbox RENAME TO inbox_away");
        add_events(*database, host.outbox(), {user}, 5);
        REQUIRE(wait_until([&] { return ear.count() == 10; }));
        std::this_thread::sleep_for(1s);  // the group has read them, too, and cannot hand them over
    }
    sql("ALTER TABLE inbox_away RENAME TO inbox");
    Host host(*database, factory);
    host.bus().subscribe(Effects::recorder("one"));
    host.start();
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 10; }));
    CHECK(Effects::of(*database, "one", user) == up_to(10));
}

TEST_CASE("two replicas share the group: each event one effect, both hear all", "[kafka]") {
    TestDatabase database(Backend::postgresql, {.readers = 4});
    Effects effects(*database);
    std::vector<std::string> users;
    for (int i = 0; i < 9; ++i) users.push_back(add_user(*database));
    const auto factory = over_kafka(own_topics());
    InboxOptions inbox = quick_retries();
    inbox.poll = 50ms;
    RelayOptions relay;
    relay.poll = 50ms;
    Ear first_ear, second_ear;
    auto first = std::make_unique<Host>(*database, factory, inbox, relay);
    first->bus().subscribe(Effects::recorder("one"));
    first->bus().listen(first_ear.listener());
    first->start();
    add_events(*database, first->outbox(), users, 20);
    REQUIRE(wait_until([&] { return Effects::count(*database) == 180; }));
    Host second(*database, factory, inbox, relay);  // partitions move while events flow
    second.bus().subscribe(Effects::recorder("one"));
    second.bus().listen(second_ear.listener());
    second.start();
    for (int i = 0; i < 40; ++i) {
        add_events(*database, (i % 2 ? *first : second).outbox(), users, 1);
        std::this_thread::sleep_for(20ms);
    }
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 540; }));
    REQUIRE(wait_until([&] { return first_ear.count() >= 540 && second_ear.count() >= 360; }));
    first->kill();
    first.reset();  // its partitions and lanes move on
    const auto before = Effects::count(*database);
    add_events(*database, second.outbox(), users, 20);
    CHECK(before == 540);
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 720; }, 60s));
    for (const auto& user : users) CHECK(Effects::of(*database, "one", user) == up_to(80));
}

TEST_CASE("while the broker hangs publishing is refused in time; afterwards nothing is lost or swapped", "[kafka]") {
    TestDatabase database(Backend::postgresql);
    Effects effects(*database);
    const std::vector<std::string> users{add_user(*database), add_user(*database)};
    auto options = own_topics();
    options.publish_limit = 500ms;
    Host host(*database, over_kafka(options));
    host.bus().subscribe(Effects::recorder("one"));
    host.start();
    add_events(*database, host.outbox(), users, 10);
    REQUIRE(wait_until([&] { return Effects::count(*database) == 20; }));
    {
        const Frozen frozen;
        add_events(*database, host.outbox(), users, 10);
        CHECK(wait_until(
            [&] { return host.metrics().text().find("carillon_outbox_failures_total 0") == std::string::npos; }));
        std::this_thread::sleep_for(3s);  // several tries
        CHECK_FALSE(all_published(*database));
    }
    add_events(*database, host.outbox(), users, 10);
    REQUIRE(wait_until([&] { return all_published(*database); }, 60s));
    REQUIRE(wait_until([&] { return Effects::count(*database) >= 60; }, 60s));
    std::map<std::string, std::vector<std::int64_t>> first_deliveries;
    for (const auto& record : read_all(options.topic_prefix + "task-events", 60)) {
        const auto event = parse_cloudevent(record.value);
        auto& seen = first_deliveries[event->user_id];
        if (std::find(seen.begin(), seen.end(), event->sequence) == seen.end()) seen.push_back(event->sequence);
    }
    for (const auto& user : users) {
        CHECK(first_deliveries[user] == up_to(30));
        CHECK(Effects::of(*database, "one", user) == up_to(30));
    }
}

TEST_CASE("a bus that ends while a publisher waits leaves no thread behind", "[kafka]") {
    TestDatabase database(Backend::postgresql);
    const auto user = add_user(*database);
    auto options = own_topics();
    options.publish_limit = 10min;
    { Host(*database, over_kafka(options)).start(); }  // the threads that the process keeps from here on
    const auto before = threads();
    auto host = std::make_unique<Host>(*database, over_kafka(options));
    host->start();
    const auto event = std::make_shared<const Event>(add_events(*database, host->outbox(), {user}, 1).front());
    REQUIRE(wait_until([&] { return all_published(*database); }));
    const Frozen frozen;
    asio::co_spawn(host->io(), host->bus().publish({event}), asio::detached);
    std::this_thread::sleep_for(200ms);
    host->kill();
    host.reset();
    CHECK(wait_until([&] { return threads() == before; }, 10s));
}

TEST_CASE("without a broker the bus starts, refuses, and says that it is away", "[kafka]") {
    TestDatabase database(Backend::postgresql);
    const auto user = add_user(*database);
    auto options = own_topics();
    options.brokers = "127.0.0.1:1";
    Host host(*database, over_kafka(options));
    host.start();
    const auto events = add_events(*database, host.outbox(), {user}, 3);
    CHECK(host.publish({std::make_shared<const Event>(events[0])}) == std::vector<bool>{false});
    CHECK_FALSE(all_published(*database));
    CHECK(dynamic_cast<kafka::Bus&>(host.bus()).state() == "away");
}

TEST_CASE("Kafka options that cannot be are one clear line", "[kafka]") {
    TestDatabase database(Backend::sqlite);
    const auto message = [&](const kafka::Options& options) -> std::string {
        try {
            const Host host(*database, over_kafka(options));
        } catch (const std::runtime_error& e) {
            return e.what();
        }
        return "";
    };
    kafka::Options options;
    CHECK_THAT(message(options), Catch::Contains("kafka_brokers"));
    options.brokers = "127.0.0.1:1";
    options.security_protocol = "sasl_ssl";
    CHECK_THAT(message(options), Catch::Contains("kafka_username"));
    options.username = "carillon";
    options.password = "sEcret";
    options.ca_file = "/nowhere/ca.pem";
    const auto wrong = message(options);
    CHECK_THAT(wrong, Catch::Contains("ca.location") || Catch::Contains("/nowhere/ca.pem"));
    CHECK_THAT(wrong, !Catch::Contains("sEcret"));
}
