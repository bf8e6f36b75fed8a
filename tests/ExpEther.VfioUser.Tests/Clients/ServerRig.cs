using ExpEther.Core.Time;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Tests.Clients;

/// <summary>A server on a real socket with a device of the test's, driven by the test's thread and time.</summary>
internal sealed class ServerRig : IDisposable, IEventSink
{
    private static readonly string[] OurKinds = ["socket:", "/memfd:test-memory", "/memfd:expether-session", "anon_inode:[eventfd]", "anon_inode:[eventpoll]"];

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("expether-vfio-");

    public ServerRig()
    {
        Options = new VfioUserServerOptions { Name = "slot1", Path = Path.Combine(_directory.FullName, "slot1.sock") };
        Server = new VfioUserServer(Options, Device, this);
    }

    public VfioUserServerOptions Options { get; }

    public TestDevice Device { get; } = new();

    public VfioUserServer Server { get; }

    public Instant Now { get; private set; } = new(1_000_000_000);

    public List<string> Reports { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => Reports.Add($"{severity} {source}: {text}");

    /// <summary>Polls until nothing happens any more.</summary>
    public void Run()
    {
        bool again;
        do
        {
            Now += TimeSpan.FromMilliseconds(1);
            again = Server.Poll(Now);
            again |= !Device.IsSlow && Device.Answer(Server);
        }
        while (again);
    }

    public void Pass(TimeSpan time)
    {
        Now += time;
        Run();
    }

    public ScriptedClient Connect()
    {
        var client = new ScriptedClient(Options.Path);
        Run();
        return client;
    }

    /// <summary>Connects and says the version.</summary>
    public ScriptedClient ConnectServed()
    {
        var client = Connect();
        var reply = Exchange(client, Message.Version());
        Assert.Equal(Message.Reply, reply.Flags);
        Assert.True(Server.IsConnected);
        return client;
    }

    /// <summary>Sends a message and expects one back.</summary>
    public Message Exchange(ScriptedClient client, byte[] message, params int[] descriptors)
    {
        client.Send(message, descriptors);
        return Receive(client);
    }

    public Message Receive(ScriptedClient client)
    {
        Run();
        Assert.True(client.TryReceive(out var reply), "the server sent nothing");
        return reply;
    }

    public void AssertClosed(ScriptedClient client)
    {
        Run();
        Assert.False(client.TryReceive(out _));
        Assert.True(client.IsClosed, "the server kept the connection");
    }

    /// <summary>The client has no device any more, and a connection that goes on.</summary>
    public void AssertAbsent(ScriptedClient client, bool isAlone = true)
    {
        Assert.NotEqual(isAlone, Server.IsConnected);
        Assert.Equal([0xFF, 0xFF], Exchange(client, Message.RegionRead(100, 0, 0, 2)).Payload[16..]);
        Assert.Equal(Errno.None, Exchange(client, Message.DmaMap(101, 0, 0x10000)).ErrorNumber);
        Assert.Equal(Errno.None, Exchange(client, Message.DeviceReset(102)).ErrorNumber);
        Assert.Equal(Errno.EIO, Exchange(client, Message.GetInfo(103)).ErrorNumber);
    }

    /// <summary>
    /// Descriptors of the kinds that servers and clients have here; the runtime opens others when it likes. Every class of tests that has such a
    /// descriptor is in the collection <see cref="OneAtATime"/>.
    /// </summary>
    public static int OpenDescriptors() =>
        Directory.GetFileSystemEntries("/proc/self/fd").Select(entry => new FileInfo(entry).LinkTarget).Count(IsOurs);

    private static bool IsOurs(string? target) =>
        target is not null && OurKinds.Any(kind => target.StartsWith(kind, StringComparison.Ordinal));

    public void Dispose()
    {
        Server.Dispose();
        _directory.Delete(recursive: true);
    }
}
