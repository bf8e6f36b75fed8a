using System.Text.Json;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>Of a monitor that is only asked.</summary>
internal sealed class NoListener : IQmpListener
{
    public void OnConnected(QmpPeer peer)
    {
    }

    public void OnDisconnected(string reason)
    {
    }

    public void OnEvent(string name, JsonElement data)
    {
    }
}
