#include "net/curl_error.h"

#include <cerrno>
#include <cstring>

namespace holdfast::net {
namespace {

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string Words(const CurlFailure& f) {
  return f.text.empty() ? std::string(curl_easy_strerror(f.code)) : std::string(f.text);
}

Error ConnectError(const CurlFailure& f) {
  std::string message = "cannot connect to " + std::string(f.peer) + ": ";
  if (f.os_errno == ECONNREFUSED || Has(f.text, "refused"))
    return Error(ErrorKind::kUnavailable, message + "connection refused")
        .Hint("is the server running, and are address and port right?");
  message += f.os_errno != 0 ? std::string(std::strerror(static_cast<int>(f.os_errno))) : Words(f);
  return Error(ErrorKind::kUnavailable, message)
      .Hint("check the address, the network between here and there, and firewalls");
}

Error VerificationError(const CurlFailure& f, const TlsOptions& tls) {
  std::string words = Words(f);
  Error error(ErrorKind::kInvalid,
              "the certificate of " + std::string(f.peer) + " cannot be trusted: " + words);
  std::string given = tls.ca_origin.empty() ? "the CA certificate given" : tls.ca_origin;
  std::string ca = tls.ca_pem.empty() ? std::string("the system's certificate store") : given;
  if (!tls.extra_ca_pem.empty()) ca += " or " + given;
  if (Has(words, "subject name") || Has(words, "host name"))
    return std::move(error).Hint(
        "the certificate is for another name; use one of its names in the address, or name one as "
        "the TLS server name");
  if (Has(words, "expired") || Has(words, "not yet valid"))
    return std::move(error).Hint(
        "renew the server's certificate, or set this machine's clock right");
  return std::move(error).Hint("it is not signed by " + ca +
                               "; give the CA certificate of this server, and check that the "
                               "address is the right one");
}

// An alert of the server about OUR certificate; with TLS 1.3 it arrives after the handshake.
bool IsClientCertificateAlert(std::string_view text) {
  return Has(text, "alert") &&
         (Has(text, "certificate") || Has(text, "unknown ca") || Has(text, "access denied"));
}

Error TlsError(const CurlFailure& f) {
  std::string words = Words(f);
  std::string message = "TLS with " + std::string(f.peer) + " failed: " + words;
  if (IsClientCertificateAlert(words))
    return Error(ErrorKind::kUnauthorized, message)
        .Hint(
            "the server refuses the client certificate: it is missing, expired or signed by a CA "
            "that the server does not know");
  if (Has(words, "wrong version number") || Has(words, "unknown protocol") ||
      Has(words, "packet length too long"))
    return Error(ErrorKind::kInvalid, message)
        .Hint("the server does not speak TLS on this port; should the address begin with http://?");
  if (Has(words, "alert")) return Error(ErrorKind::kInvalid, message);
  return Error(ErrorKind::kUnavailable, message)
      .Hint("the connection broke during the handshake; is it a TLS port, and is the server well?");
}

Error BrokenError(const CurlFailure& f) {
  if (IsClientCertificateAlert(f.text)) return TlsError(f);
  std::string message = "the connection to " + std::string(f.peer) + " broke ";
  if (f.response->status == 0)
    message += "before an answer came";
  else
    message += "after " + std::to_string(f.response->body_bytes) + " bytes of the answer";
  return Error(ErrorKind::kUnavailable, message + ": " + Words(f))
      .Hint(
          "the server was restarted, cut the answer off, or something between closed the "
          "connection");
}

}  // namespace

Error CurlError(const CurlFailure& f, const TlsOptions& tls) {
  std::string peer(f.peer);
  switch (f.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Error(ErrorKind::kUnavailable, "cannot find the address of " + peer + ": " + Words(f))
          .Hint("check the name and this machine's DNS");
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Error(ErrorKind::kUnavailable, "cannot reach " + peer + " by the proxy: " + Words(f))
          .Hint("check proxy-url, or HTTPS_PROXY and NO_PROXY");
    case CURLE_COULDNT_CONNECT: return ConnectError(f);
    case CURLE_OPERATION_TIMEDOUT:
      return Error(ErrorKind::kUnavailable, "no connection to " + peer + " within " +
                                                std::to_string(f.connect_timeout.count()) + " ms")
          .Hint("check the address, the network between here and there, and firewalls");
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE: return BrokenError(f);
    case CURLE_SSL_CONNECT_ERROR: return TlsError(f);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: return VerificationError(f, tls);
    case CURLE_SSL_CACERT_BADFILE:
      return Error(ErrorKind::kInvalid, "the CA certificate cannot be used: " + Words(f))
          .Hint("it must be PEM: -----BEGIN CERTIFICATE-----" +
                (tls.ca_origin.empty() ? std::string() : "; see " + tls.ca_origin));
    case CURLE_SSL_CERTPROBLEM:
      return Error(ErrorKind::kInvalid, "the client certificate cannot be used: " + Words(f))
          .Hint("certificate and key must be PEM and belong together");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return Error(ErrorKind::kInvalid, peer + " does not speak HTTP: " + Words(f))
          .Hint("check scheme and port of the address");
    case CURLE_URL_MALFORMAT:
      return Error(ErrorKind::kInvalid, "the address " + peer + " makes no sense: " + Words(f));
    default: return Error(ErrorKind::kInternal, "request to " + peer + " failed: " + Words(f));
  }
}

}  // namespace holdfast::net
