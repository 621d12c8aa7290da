#include "carillon/json.hpp"
#include "carillon/log.hpp"
#include "cli/admin.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <thread>

namespace carillon::cli {

namespace {
using Socket = boost::asio::local::stream_protocol::socket;
using Acceptor = boost::asio::local::stream_protocol::acceptor;

// A socket's path holds 107 bytes; through the folder's descriptor a database may lie as deep as it likes.
class ShortPath {
public:
    explicit ShortPath(const std::string& path) {
        const std::filesystem::path whole = std::filesystem::absolute(path);
        descriptor_ = ::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        text_ = "/proc/self/fd/" + std::to_string(descriptor_) + "/" + whole.filename().string();
    }
    ~ShortPath() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    ShortPath(const ShortPath&) = delete;
    ShortPath& operator=(const ShortPath&) = delete;
    const std::string& text() const { return text_; }
    bool usable() const { return descriptor_ >= 0 && text_.size() < sizeof(sockaddr_un::sun_path); }

private:
    int descriptor_ = -1;
    std::string text_;
};

std::string read_all(Socket& socket) {
    std::string bytes;
    boost::system::error_code ec;
    boost::asio::read(socket, boost::asio::dynamic_buffer(bytes), ec);
    if (ec != boost::asio::error::eof) throw boost::system::system_error(ec);
    return bytes;
}
}  // namespace

std::optional<std::string> admin_socket_path(const std::string& database_url) {
    constexpr std::string_view scheme = "sqlite:";
    if (!database_url.starts_with(scheme)) return std::nullopt;
    return database_url.substr(scheme.size()) + ".sock";
}

std::optional<boost::json::object> ask_server(const std::string& socket_path, const boost::json::object& request) {
    const ShortPath path(socket_path);
    if (!path.usable()) return std::nullopt;
    boost::asio::io_context context;
    Socket socket(context);
    boost::system::error_code ec;
    socket.connect(path.text(), ec);
    if (ec) return std::nullopt;
    boost::asio::write(socket, boost::asio::buffer(boost::json::serialize(request)));
    socket.shutdown(Socket::shutdown_send);
    return boost::json::parse(read_all(socket)).as_object();
}

class AdminServer::Impl {
public:
    Impl(Application& application, const std::string& socket_path)
        : application_(application), path_(socket_path), short_path_(socket_path), acceptor_(context_) {
        if (!short_path_.usable()) throw std::runtime_error("the admin socket " + socket_path + " cannot be made");
        ::unlink(short_path_.text().c_str());  // the lock file says that no other server lives
        acceptor_.open();
        const auto old_mask = ::umask(0177);
        boost::system::error_code ec;
        acceptor_.bind(short_path_.text(), ec);
        ::umask(old_mask);
        if (ec) throw std::runtime_error("the admin socket " + socket_path + " cannot be made: " + ec.message());
        acceptor_.listen();
        thread_ = std::thread([this] { run(); });
    }

    ~Impl() {
        stopping_ = true;
        // A blocked accept() is woken by a connection, the one way that needs no second thread's closing of a
        // descriptor.
        boost::asio::io_context context;
        Socket knock(context);
        boost::system::error_code ec;
        knock.connect(short_path_.text(), ec);
        thread_.join();
        ::unlink(short_path_.text().c_str());
    }

private:
    // One command at a time: they are rare, and each has the database's writer for itself.
    void run() {
        while (!stopping_) {
            boost::system::error_code ec;
            Socket socket(context_);
            acceptor_.accept(socket, ec);
            if (ec || stopping_) continue;
            try {
                serve(socket);
            } catch (const std::exception& e) {
                log::warn("an admin command ended early", {{"reason", e.what()}});
            }
        }
    }

    void serve(Socket& socket) {
        const timeval limit{30, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        auto request = json::parse(read_all(socket));
        boost::json::object answer{{"exit", Exit::failed}, {"out", ""}, {"err", "the request could not be read\n"}};
        if (request && request->is_object()) answer = execute(application_, request->as_object());
        boost::asio::write(socket, boost::asio::buffer(boost::json::serialize(answer)));
    }

    Application& application_;
    std::string path_;
    ShortPath short_path_;
    boost::asio::io_context context_;
    Acceptor acceptor_;
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

AdminServer::AdminServer(Application& application, const std::string& socket_path)
    : impl_(std::make_unique<Impl>(application, socket_path)) {}
AdminServer::~AdminServer() = default;

}  // namespace carillon::cli
