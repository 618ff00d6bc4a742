import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;

/** Sends files with the JDK's HttpClient with its default settings. Arguments: URL FILE... */
public class Send {
    public static void main(String[] args) throws Exception {
        HttpClient c = HttpClient.newHttpClient();
        for (int i = 1; i < args.length; i++) {
            HttpRequest q = HttpRequest.newBuilder(URI.create(args[0])).header("Content-Type", "text/csv")
                    .POST(HttpRequest.BodyPublishers.ofFile(Path.of(args[i]))).build();
            HttpResponse<String> r = c.send(q, HttpResponse.BodyHandlers.ofString());
            System.out.println(r.version() + " " + r.statusCode() + " " + r.body().replace("\n", " "));
        }
    }
}
