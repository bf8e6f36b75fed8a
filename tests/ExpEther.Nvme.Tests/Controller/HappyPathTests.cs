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
