using ExpEther.Nvme.Protocol;
using ExpEther.Nvme.Tests.Host;

namespace ExpEther.Nvme.Tests.Controller;

public sealed class HappyPathTests
{
    [Fact]
    public void Identify_controller_tells_who_it_is()
    {
        var host = NvmeHost.Started(new RecordingBackend(64));
        var id = new IdentifyController(host.Identify(IdentifyCns.Controller));
        Assert.Equal("TEST-1", id.SerialNumber);
        Assert.Equal(NvmeRegister.Version14, id.Version);
        Assert.Equal(1u, id.NamespaceCount);
        Assert.Equal(0x66, id.SubmissionEntrySizes);
        Assert.Equal(6, id.MaxDataTransfer);
    }

    [Fact]
    public void Names_of_subsystem_and_namespaces_are_well_formed_stable_and_each_its_own()
    {
        var nqns = new List<string>();
        var uuids = new List<string>();
        foreach (var (box, serial) in ((string, string)[])[("box1", "A"), ("box1", "B"), ("box2", "A"), ("box1", "A")])
        {
            var host = new NvmeHost(
                0, options => options with { SerialNumberScope = box, SerialNumber = serial }, new RecordingBackend(64), new RecordingBackend(64));
            host.Start();
            nqns.Add(new IdentifyController(host.Identify(IdentifyCns.Controller)).SubsystemNqn);
            for (var nsid = 1u; nsid <= 2; nsid++)
            {
                // §5.15.3.4: type, length, two reserved bytes, identifier; a descriptor of length 0 ends the list.
                var list = host.Identify(IdentifyCns.NamespaceDescriptors, nsid);
                Assert.Equal([3, 16, 0, 0], list[..4]);
                Assert.Equal(new byte[4], list[20..24]);
                uuids.Add(new Guid(list.AsSpan(4, 16), bigEndian: true).ToString());
            }
        }

        // §7.9: the date is yyyy-mm, then the UUID in its textual form.
        Assert.All(nqns, nqn => Assert.Matches("^nqn\\.2014-08\\.org\\.nvmexpress:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", nqn));
        Assert.Equal(nqns[0], nqns[3]);
        Assert.Equal(uuids[..2], uuids[6..]);
        Assert.Equal(9, nqns.Take(3).Select(nqn => nqn[^36..]).Concat(uuids.Take(6)).Distinct().Count());
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        var backend = new RecordingBackend(1024);
        var host = NvmeHost.Started(backend);
        host.CreateQueue(1);
        var buffer = host.Allocate(8192);
        new SeededRandom(7).Fill(host.Host.At(buffer, 8192));
        var wanted = host.Host.At(buffer, 8192).ToArray();
        Assert.Equal(NvmeStatus.Success, host.Write(16, 16, buffer, buffer + 4096).Status);
        Assert.Equal(wanted, backend.Data.AsSpan(16 * 512, 8192).ToArray());
        host.Host.At(buffer, 8192).Clear();
        Assert.Equal(NvmeStatus.Success, host.Read(16, 16, buffer, buffer + 4096).Status);
        Assert.Equal(wanted, host.Host.At(buffer, 8192).ToArray());
    }
}
