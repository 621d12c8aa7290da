#include "carillon/http/transact.hpp"

#include "support/database.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>

#include <catch2/catch.hpp>

#include <future>
#include <thread>

using namespace carillon;
using namespace carillon::http;
using carillon::test::TestDatabase;
using Work = std::function<Result<Response>(db::Transaction&)>;

namespace {

/// A database with a table that counts what was committed.
struct Counted {
    explicit Counted(db::Backend backend) : database(backend) {
        database->write_now([](db::Transaction& tx) -> Result<void> {
            tx.exec("CREATE TABLE counted (word TEXT NOT NULL)");
            return {};
        });
    }

    Response ask(const Request& request, Work work) {
        auto& context = carillon::test::lasting_io_context();
        auto answer = asio::co_spawn(context, transact(*database, request, std::move(work)), asio::use_future);
        context.run();
        return answer.get();
    }
    /// A request that writes one row and answers 201.
    Response add(const Request& request) {
        return ask(request, [](db::Transaction& tx) -> Result<Response> {
            tx.exec("INSERT INTO counted (word) VALUES ('x')");
            return Response::json(201, R"({"id":7})").with("Location", "/things/7").with("ETag", "\"1\"");
        });
    }
    std::int64_t number(const std::string& sql) {
        return *database->read_now([&sql](db::Session& session) -> Result<std::int64_t> {
            return std::get<0>(*session.query_one<std::int64_t>(sql));
        });
    }
    std::int64_t rows() { return number("SELECT count(*) FROM counted"); }
    std::int64_t kept() { return number("SELECT count(*) FROM idempotency"); }
    void exec(const std::string& sql) {
        database->write_now([&sql](db::Transaction& tx) -> Result<void> {
            tx.exec(sql);
            return {};
        });
    }

    TestDatabase database;
};

Request post(const std::string& user, const std::string& key, const std::string& body = "{}") {
    Request request;
    request.method = Method::post;
    request.path = "/things";
    request.body = body;
    request.principal.user_id = user;
    if (!key.empty()) request.headers.push_back({"idempotency-key", key});
    return request;
}

std::string header_of(const Response& response, std::string_view name) {
    for (const auto& header : response.headers) {
        if (header.name == name) return header.value;
    }
    return {};
}

}  // namespace

TEST_CASE("transact commits what works and rolls back what does not") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    CHECK(db.add(post("u1", "")).status == 201);
    CHECK(db.add(post("u1", "")).status == 201);
    CHECK(db.rows() == 2);
    CHECK(db.kept() == 0);
    const auto refused = db.ask(post("u1", ""), [](db::Transaction& tx) -> Result<Response> {
        tx.exec("INSERT INTO counted (word) VALUES ('y')");
        return invalid({{"title", "is required"}});
    });
    CHECK(refused.status == 422);
    CHECK(refused.content_type == "application/problem+json");
    CHECK(db.rows() == 2);
}

TEST_CASE("the same Idempotency-Key runs once and answers the same") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    const auto first = db.add(post("u1", "k1"));
    CHECK(header_of(first, "Idempotency-Replayed").empty());
    for (int i = 0; i < 3; ++i) {
        const auto again = db.add(post("u1", "k1"));
        CHECK(again.status == 201);
        CHECK(again.body == first.body);
        CHECK(again.content_type == first.content_type);
        CHECK(header_of(again, "Location") == "/things/7");
        CHECK(header_of(again, "ETag") == "\"1\"");
        CHECK(header_of(again, "Idempotency-Replayed") == "true");
    }
    CHECK(db.rows() == 1);
    CHECK(db.add(post("u1", "k2")).status == 201);
    CHECK(db.add(post("u2", "k1")).status == 201);
    CHECK(db.rows() == 3);
    db.database.reopen();
    CHECK(header_of(db.add(post("u1", "k1")), "Idempotency-Replayed") == "true");
    CHECK(db.rows() == 3);
}

TEST_CASE("the same key for another request is refused") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    db.add(post("u1", "k1", R"({"a":1})"));
    auto body = post("u1", "k1", R"({"a":2})"), path = post("u1", "k1", R"({"a":1})"), method = path, query = path;
    path.path = "/others";
    method.method = Method::put;
    query.query.emplace_back("a", "b");
    for (const auto& other : {body, path, method, query}) {
        const auto refused = db.add(other);
        CHECK(refused.status == 422);
        CHECK(boost::json::parse(refused.body).at("errors").at(0).at("field").as_string() == "Idempotency-Key");
    }
    CHECK(db.rows() == 1);
}

TEST_CASE("bad keys are refused and nothing is run") {
    Counted db(db::Backend::sqlite);
    auto twice = post("u1", "k1"), empty = post("u1", "");
    twice.headers.push_back({"Idempotency-Key", "k2"});
    empty.headers.push_back({"Idempotency-Key", ""});
    for (const auto& bad :
         {twice, empty, post("u1", std::string(256, 'k')), post("u1", "a b"), post("u1", "ü"), post("u1", "a\tb")}) {
        CHECK(db.add(bad).status == 422);
    }
    CHECK(db.rows() == 0);
    CHECK(db.add(post("u1", std::string(255, 'k'))).status == 201);
}

TEST_CASE("only successful answers are kept") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    const auto request = post("u1", "k1");
    CHECK(db.ask(request, [](db::Transaction&) -> Result<Response> {
                return Error{Errc::conflict, "Not now."};
            }).status == 409);
    CHECK(db.ask(request, [](db::Transaction&) -> Result<Response> { return Response::json(304, "{}"); }).status ==
          304);
    CHECK_THROWS_AS(db.ask(request, [](db::Transaction&) -> Result<Response> { throw std::runtime_error("defect"); }),
                    std::runtime_error);
    CHECK(db.kept() == 0);
    CHECK(db.add(request).status == 201);
    CHECK(db.rows() == 1);
}

TEST_CASE("the record and the change commit together or not at all") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    const auto breaks_the_record = [](db::Transaction& tx) -> Result<Response> {
        tx.exec("INSERT INTO counted (word) VALUES ('x')");
        tx.exec("DROP TABLE idempotency");
        return Response::json(201, "{}");
    };
    CHECK_THROWS_AS(db.ask(post("u1", "k1"), breaks_the_record), db::DatabaseError);
    CHECK(db.kept() == 0);  // the table is there again
    CHECK(db.rows() == 0);
}

TEST_CASE("while the first request runs, the same key is a conflict") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    std::promise<void> entered, leave;
    auto left = leave.get_future();
    auto first = std::async(std::launch::async, [&] {
        return db.ask(post("u1", "k1"), [&](db::Transaction& tx) -> Result<Response> {
            tx.exec("INSERT INTO counted (word) VALUES ('slow')");
            entered.set_value();
            left.wait();
            return Response::json(201, "{}");
        });
    });
    entered.get_future().wait();
    const auto same = db.add(post("u1", "k1"));
    CHECK(same.status == 409);
    CHECK_FALSE(header_of(same, "Retry-After").empty());
    CHECK(db.add(post("u1", "k1", "[]")).status == 422);
    leave.set_value();
    CHECK(first.get().status == 201);
    CHECK(header_of(db.add(post("u1", "k1")), "Idempotency-Replayed") == "true");
    CHECK(db.rows() == 1);
}

TEST_CASE("another replica's running request is a conflict too") {
    Counted db(db::Backend::postgresql);
    std::promise<void> entered, leave;
    auto left = leave.get_future();
    auto replica = std::async(std::launch::async, [&] {
        return db.database->write_now([&](db::Transaction& tx) -> Result<void> {
            tx.exec("SELECT pg_advisory_xact_lock(hashtextextended('u1/k1', 0))");
            entered.set_value();
            left.wait();
            return {};
        });
    });
    entered.get_future().wait();
    CHECK(db.add(post("u1", "k1")).status == 409);
    CHECK(db.add(post("u1", "k2")).status == 201);
    leave.set_value();
    CHECK(replica.get().has_value());
    CHECK(db.add(post("u1", "k1")).status == 201);
    CHECK(db.rows() == 2);
}

TEST_CASE("a key is forgotten after 30 days, and its record removed") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    const auto aged = [&db](int minutes) {
        db.exec("UPDATE idempotency SET created_at = created_at - " +
                std::to_string((30LL * 24 * 60 + minutes) * 60'000'000));
    };
    db.add(post("u1", "k1"));
    aged(-5);
    CHECK(header_of(db.add(post("u1", "k1")), "Idempotency-Replayed") == "true");
    aged(10 - 30 * 24 * 60);  // now five minutes over
    CHECK(header_of(db.add(post("u1", "k1", "[]")), "Idempotency-Replayed").empty());
    CHECK(db.kept() == 1);
    CHECK(db.rows() == 2);

    aged(1);
    for (int i = 0; i < 130; ++i) db.add(post("u1", "new" + std::to_string(i)));
    CHECK(db.kept() == 130);
    CHECK(db.rows() == 132);
}

TEST_CASE("secrets and cookies are never stored") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    const auto make = [&db] {
        return db.ask(post("u1", "k1"), [](db::Transaction&) -> Result<Response> {
            auto response = Response::json(201, R"({"id":1,"token":"s3cret","more":{"token":"kept"}})")
                                .with("Set-Cookie", "refresh=s3cret")
                                .with("X-Plain", "yes");
            response.secrets = {"token"};
            return response;
        });
    };
    const auto first = make();
    CHECK(first.body.find("s3cret") != std::string::npos);
    CHECK(header_of(first, "Set-Cookie") == "refresh=s3cret");
    CHECK(db.number("SELECT count(*) FROM idempotency WHERE body LIKE '%s3cret%' OR headers LIKE '%s3cret%'") == 0);
    const auto again = make();
    CHECK(boost::json::parse(again.body) == boost::json::parse(R"({"id":1,"token":null,"more":{"token":"kept"}})"));
    CHECK(header_of(again, "Set-Cookie").empty());
    CHECK(header_of(again, "X-Plain") == "yes");
}

TEST_CASE("a deleted account leaves no answers behind") {
    Counted db(GENERATE(db::Backend::sqlite, db::Backend::postgresql));
    db.add(post("u1", "k1"));
    db.add(post("u2", "k1"));
    db.database->write_now([](db::Transaction& tx) -> Result<void> {
        erase_idempotency_in(tx, "u1");
        return {};
    });
    CHECK(db.kept() == 1);
    CHECK(db.number("SELECT count(*) FROM idempotency WHERE user_id = 'u2'") == 1);
}
