using System.Net.Sockets;
using ExpEther.Linux.Sockets;

namespace ExpEther.Linux.Tests.Sockets;

/// <summary>A path of a socket has one owner, also when several start in the same instant.</summary>
public sealed class SocketClaimTests : IDisposable
{
    private const int Starters = 8;
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("EXPETHER_RACE_ROUNDS"), out var rounds) ? rounds : 40;
    private readonly string _folder = Directory.CreateTempSubdirectory("expether-socket-claim-").FullName;

    private string At => Path.Combine(_folder, "x.sock");

    [Fact]
    public void Of_many_that_start_at_once_over_a_left_over_socket_one_has_it_and_can_be_reached()
    {
        for (var round = 0; round < Rounds; round++)
        {
            using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
            {
                dead.Bind(new UnixDomainSocketEndPoint(At));
            }

            using var start = new Barrier(Starters);
            var listeners = new UnixListener?[Starters];
            var refusals = new LinuxException?[Starters];
            var threads = Enumerable.Range(0, Starters).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                try
                {
                    listeners[i] = new UnixListener(At);
                }
                catch (LinuxException e)
                {
                    refusals[i] = e;
                }
            })).ToList();
            threads.ForEach(each => each.Start());
            threads.ForEach(each => each.Join());

            using var only = Assert.Single(listeners.OfType<UnixListener>());
            Assert.All(refusals.OfType<LinuxException>(), refusal => Assert.Equal(Errno.EADDRINUSE, refusal.Error));
            using var client = UnixConnection.Connect(At);
            Assert.True(only.TryAccept(out var taken), "the file is another socket's");
            taken.Dispose();
        }
    }

    [Fact]
    public void A_refusal_names_who_has_the_path_and_the_path_is_free_after_that()
    {
        using (new UnixListener(At))
        {
            var refusal = Assert.Throws<LinuxException>(() => new UnixListener(At));
            Assert.Contains("this same process", refusal.Message, StringComparison.Ordinal);
            Assert.True(Path.Exists(At));
        }

        Assert.False(Path.Exists(At));
        using var next = new UnixListener(At);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
